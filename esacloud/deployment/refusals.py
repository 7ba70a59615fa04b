"""Why a text is not a remote of a peer, and what its author may have meant. Called only when there is a mistake.

The dialects of clouds that the file does not name may be loaded here too, to recognize an ID of the wrong cloud.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from esacloud.deployment.model import Dialect, ReferenceKind
from esacloud.deployment.names import Refusal, fits, hostname_refusal
from esacloud.errors import one_of
from esacloud.packets.addresses import AddressError, parse_network

Dialects = Mapping[str, Dialect]  # all clouds that there are; each is looked up only when it is needed


def why_no_remote(text: str, here: Mapping[str, Dialect], known: Dialects) -> Refusal:
    """Why a bare text is not a network, an ID that may stand bare, or a host name.

    `here` are the clouds that the place is for, `known` all that there are.
    """
    if not text:
        return "The item is empty.", "Write a network, or remove the line."
    if text.lower() in ("any", "self"):
        return f"{text!r} is not lowercase.", f"Write {text.lower()}."
    if refusal := _of_an_id(text, here, known):
        return refusal
    if _meant_as_address(text):
        try:
            parse_network(text)
        except AddressError as error:
            return error.message, error.hint
    if "." in text or ":" in text or "/" in text:
        return hostname_refusal(text) or (
            f"YAML reads {text} as a number.",
            f'Write "{text}", in quotes, if a host has that name.',
        )
    return _of_a_word(text, here)


def _of_an_id(text: str, here: Mapping[str, Dialect], known: Dialects) -> Refusal | None:
    """Why an ID cannot stand bare here; None where the text is not an ID."""
    for dialect, kind in _kinds(here):
        if kind.size_key and fits(kind.pattern, text):
            message = f"{text} is {short(kind)} of {dialect.title}, which needs {kind.size_key}."
            return message, f"Write {{{kind.kind}: {text}, {kind.size_key}: …}}."
    for cloud in sorted(known.keys() - here.keys()):
        for dialect, kind in _kinds({cloud: known[cloud]}):
            if kind.shorthand and fits(kind.shorthand, text):
                return of_other_cloud(dialect, kind, here)
    return None


def _of_a_word(text: str, here: Mapping[str, Dialect]) -> Refusal:
    ids = [
        kind.example if kind.shorthand and fits(kind.shorthand, kind.example) else f"{{{kind.kind}: {kind.example}}}"
        for _, kind in _kinds(here)
        if not kind.size_key
    ]
    forms = one_of(["10.0.0.0/24", "any", "self", "ntp.example.com", *ids])
    return f"{text!r} is not a CIDR block, a full host name or a resource ID.", f"Write one like {forms}."


def id_or_hostname(text: str, here: Mapping[str, Dialect]) -> Refusal | None:
    """Why a host name with capitals is ambiguous: it can also be an ID, as of a service tag. None where it is not."""
    kinds = (
        [kind for _, kind in _kinds(here) if not kind.size_key and fits(kind.pattern, text)] if text != text.lower() else []
    )
    if not kinds:
        return None
    forms = [f"{text.lower()} for a host name", *(f"{{{kind.kind}: {text}}}" for kind in kinds)]
    return f"{text!r} can be a host name or {one_of([short(kind) for kind in kinds])}.", f"Write {one_of(forms)}."


def short(kind: ReferenceKind) -> str:
    """The title of a kind of reference without the explanation that may follow it."""
    return re.split("[:,]", kind.title, maxsplit=1)[0]


def of_other_cloud(dialect: Dialect, kind: ReferenceKind, here: Mapping[str, Dialect]) -> Refusal:
    """Why a reference of a cloud cannot stand at a place that is for other clouds."""
    why = f"{_clouds(here)} cannot resolve it" if here else "the file names no cloud"
    message = f"This is {short(kind)} of {dialect.title}, and {why}."
    return (
        message,
        f"Write a network, or name the cloud under `cloud.{dialect.cloud}` and the item under `{dialect.cloud}:`.",
    )


def ambiguous(dialect: Dialect, kind: ReferenceKind, here: Mapping[str, Dialect]) -> Refusal:
    """Why a reference cannot stand at a place that is for several clouds."""
    others = {cloud: other for cloud, other in here.items() if cloud != dialect.cloud}
    message = f"This is {short(kind)} of {dialect.title}, and {_clouds(others)} cannot resolve it."
    rest = ", ".join(f"{cloud}: …" for cloud in sorted(others))
    return message, f"Write {{{dialect.cloud}: …, {rest}}}, or omit a cloud that needs no item."


def _clouds(dialects: Mapping[str, Dialect]) -> str:
    return " and ".join(dialects[cloud].title for cloud in sorted(dialects))


def _kinds(dialects: Mapping[str, Dialect]) -> Iterator[tuple[Dialect, ReferenceKind]]:
    for cloud in sorted(dialects):
        for kind in dialects[cloud].references:
            yield dialects[cloud], kind


def _meant_as_address(text: str) -> bool:
    """Digits and dots, a slash, a zone, or the colons of IPv6; not `host:25` and not `https://host`."""
    if "://" in text or "*" in text:
        return False
    return "/" in text or "%" in text or bool(re.fullmatch(r"[0-9.]+(-[0-9.]*)?|[0-9a-fA-F.]*:[0-9a-fA-F.]*:.*", text))
