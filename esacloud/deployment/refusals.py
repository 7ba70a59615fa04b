"""Why a text is no far side of a peer, and what its author may have meant. Reached only when there is a mistake.

Every cloud's dialect may be loaded here, also those that the file does not name: an id of the wrong cloud is told as such.
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
    """What to say of a bare text that is no network, no id that may stand bare, and no host name.

    `here` are the clouds that the place speaks to, `known` all there are.
    """
    if not text:
        return "The item is empty.", "Write a network, or take the line out."
    if text.lower() in ("any", "self"):
        return f"{text!r} is not in small letters.", f"Write {text.lower()}."
    for dialect, kind in _kinds(here):
        if kind.size_key and fits(kind.pattern, text):
            message = f"{text} is {short(kind)} of {dialect.title}, whose {kind.size_key} has to stand beside it."
            return message, f"Write {{{kind.kind}: {text}, {kind.size_key}: …}}."
    for cloud in sorted(known.keys() - here.keys()):
        for dialect, kind in _kinds({cloud: known[cloud]}):
            if kind.shorthand and fits(kind.shorthand, text):
                return unmanaged(dialect, kind, here)
    if _meant_as_address(text):
        try:
            parse_network(text)
        except AddressError as error:
            return error.message, error.hint
    if "." in text or ":" in text or "/" in text:
        return hostname_refusal(text) or (
            f"{text} is a number to YAML.",
            f'Write "{text}", in quotes, if a host has that name.',
        )
    ids = [
        kind.example if kind.shorthand and fits(kind.shorthand, kind.example) else f"{{{kind.kind}: {kind.example}}}"
        for _, kind in _kinds(here)
        if not kind.size_key
    ]
    forms = one_of(["10.0.0.0/24", "any", "self", "ntp.example.com", *ids])
    return f"{text!r} is no network, no full host name and no id.", f"Write one like {forms}."


def id_or_hostname(text: str, here: Mapping[str, Dialect]) -> Refusal | None:
    """What to say of a host name with capitals that may as well be an id, as a service tag may; None where it cannot."""
    kinds = (
        [kind for _, kind in _kinds(here) if not kind.size_key and fits(kind.pattern, text)] if text != text.lower() else []
    )
    if not kinds:
        return None
    forms = [f"{text.lower()} for a host name", *(f"{{{kind.kind}: {text}}}" for kind in kinds)]
    return f"{text!r} may be a host name or {one_of([short(kind) for kind in kinds])}.", f"Write {one_of(forms)}."


def short(kind: ReferenceKind) -> str:
    """The title of a kind of reference without the explanation that may follow it."""
    return re.split("[:,]", kind.title, maxsplit=1)[0]


def unmanaged(dialect: Dialect, kind: ReferenceKind, here: Mapping[str, Dialect]) -> Refusal:
    """What to say of a reference of a cloud that this place does not speak to."""
    why = f"{_clouds(here)} cannot resolve it" if here else "the file names no cloud"
    message = f"This is {short(kind)} of {dialect.title}, and {why}."
    return (
        message,
        f"Write a network, or name the cloud under `cloud.{dialect.cloud}` and the item under `{dialect.cloud}:`.",
    )


def ambiguous(dialect: Dialect, kind: ReferenceKind, here: Mapping[str, Dialect]) -> Refusal:
    """What to say of a reference that stands for several clouds at once."""
    others = {cloud: other for cloud, other in here.items() if cloud != dialect.cloud}
    message = f"This is {short(kind)} of {dialect.title}, and {_clouds(others)} cannot resolve it."
    rest = ", ".join(f"{cloud}: …" for cloud in sorted(others))
    return message, f"Write {{{dialect.cloud}: …, {rest}}}, or leave a cloud out that has nothing to say here."


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
