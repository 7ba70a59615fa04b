"""One remote of a peer: a network, `any`, `self`, a host name, or a reference that only a cloud can resolve.

A bare text is read as a network first, then as a cloud's id, then as a host name. A single word is never a
host name, because a typing mistake would open a port to everyone. In a file with several clouds, a reference stands under
its cloud's name. What is said about a text that is no remote stands at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from esacloud.deployment.document import MappingNode, Node, ScalarNode
from esacloud.deployment.model import (
    AnyAddress,
    Dialect,
    Dialects,
    Hostname,
    Reference,
    ReferenceKind,
    Remote,
    SelfReference,
)
from esacloud.deployment.names import Refusal, fits, hostname_refusal
from esacloud.deployment.reader import Reader, is_null, is_number, join
from esacloud.deployment.specification import FAMILIES, FAMILY, HOSTNAME_KEYS, NETWORK_KEYS, NOTE, reference_keys
from esacloud.errors import one_of
from esacloud.packets.addresses import AddressError, Network, Version, parse_network

_WORDS: dict[str, Remote] = {"any": AnyAddress(), "self": SelfReference()}


class RemoteReader:
    """Reads the remotes of one file. `known` are all clouds, `versions` the address families of the file."""

    def __init__(self, reader: Reader, known: Dialects, versions: tuple[Version, ...]) -> None:
        self.reader, self.known, self.versions = reader, known, versions

    def bare(self, node: ScalarNode, path: str, here: Mapping[str, Dialect]) -> Remote | None:
        """A remote that is one text, at a place that is for the clouds `here`."""
        text: str = node.value
        if (word := _WORDS.get(text)) is not None:
            return word
        try:
            network = parse_network(text)
        except AddressError:
            return self._id_or_hostname(node, path, here, text)
        return network if network.version in self.versions else self._in_our_families(node, path, network)

    def _id_or_hostname(self, node: ScalarNode, path: str, here: Mapping[str, Dialect], text: str) -> Remote | None:
        for dialect in here.values():
            for kind in dialect.references:
                if kind.shorthand and fits(kind.shorthand, text):
                    return self._reference(node, path, dialect, kind, text, {}, here)
        if hostname_refusal(text) is None and (node.style or not is_number(text)):
            if (refusal := _id_or_hostname(text, here)) is None:
                return _hostname(text)
            self.reader.note(node, path, *refusal)
            return None
        self.reader.note(node, path, *_why_no_remote("" if is_null(node) else text, here, self.known))
        return None

    def described(
        self, node: MappingNode, path: str, here: Mapping[str, Dialect]
    ) -> tuple[Remote | None, Mapping[str, Node]]:
        """A remote that is a mapping, where exactly one key says what it is; and the mapping's nodes."""
        kinds = {kind.kind: (dialect, kind) for dialect in here.values() for kind in dialect.references}
        known = [NETWORK_KEYS[0].name, HOSTNAME_KEYS[0].name, *kinds]
        present = {name.value for name, _ in node.value}
        elsewhere = self._kind_elsewhere(present.difference(known), here)
        details = {NOTE.name}
        for kind in present & kinds.keys():
            details.update(key.name for key in reference_keys(kinds[kind][1]) if key.name != kind)
        fields = self.reader.mapping(node, path, [*known, *elsewhere, *sorted(details)])
        subjects = [name for name in fields if name not in details]
        if not subjects and len(fields) < len(node.value):
            return None, fields  # the key is misspelt, and noted
        if len(subjects) != 1:
            named = " and ".join(subjects) + " at once" if subjects else "neither a network, a host name nor a reference"
            self.reader.note(node, path, f"The item names {named}.", f"Write one of these keys: {one_of(known)}.")
            return None, fields
        (subject,) = subjects
        inside = join(path, subject)
        if elsewhere:
            self.reader.note(node, inside, *_of_other_cloud(*elsewhere[subject], here))
            return None, fields
        return self._of_subject(node, path, subject, kinds.get(subject), fields, here), fields

    def _of_subject(
        self,
        node: MappingNode,
        path: str,
        subject: str,
        kind_of_cloud: tuple[Dialect, ReferenceKind] | None,
        fields: Mapping[str, Node],
        here: Mapping[str, Dialect],
    ) -> Remote | None:
        inside = join(path, subject)
        text = self.reader.text(fields[subject], inside, "Write it as a text.")
        if text is None:
            return None
        if kind_of_cloud is None:
            return self._network_or_hostname(fields[subject], inside, subject, text)
        dialect, kind = kind_of_cloud
        if not fits(kind.pattern, text):
            message = f"{text!r} is not an ID of {_short(kind)}."
            self.reader.note(fields[subject], inside, message, f"Write one as {kind.example}.")
            return None
        return self._reference(node, path, dialect, kind, text, fields, here)

    def _network_or_hostname(self, node: Node, path: str, subject: str, text: str) -> Remote | None:
        if subject == "network":
            try:
                return self._in_our_families(node, path, parse_network(text))
            except AddressError as error:
                refusal = error.message, error.hint
        elif (refused := hostname_refusal(text)) is None:
            return _hostname(text)
        else:
            refusal = refused
        self.reader.note(node, path, *refusal)
        return None

    def _in_our_families(self, node: Node, path: str, network: Network) -> Network | None:
        if network.version in self.versions:
            return network
        message = f"{network} is IPv{network.version}, which `families` does not contain."
        self.reader.note(node, path, message, f"Add ipv{network.version} to `families`, or remove the network.")
        return None

    def _reference(
        self,
        node: Node,
        path: str,
        dialect: Dialect,
        kind: ReferenceKind,
        text: str,
        fields: Mapping[str, Node],
        here: Mapping[str, Dialect],
    ) -> Reference | None:
        if len(here) > 1:
            self.reader.note(node, path, *_ambiguous(dialect, kind, here))
            return None
        size: int | None = 1
        if kind.size_key:
            key = next(key for key in reference_keys(kind) if key.name == kind.size_key)
            size, inside = None, join(path, key.name)
            if key.name in fields:
                size = self.reader.value(key, fields[key.name], inside)
            else:
                self.reader.missing(node, inside, key.missing())
        version = None
        if FAMILY.name in fields and (version := self._family(fields[FAMILY.name], join(path, FAMILY.name))) is None:
            return None
        return None if size is None else Reference(dialect.cloud, kind.kind, text, size, version)

    def _family(self, node: Node, path: str) -> Version | None:
        name = self.reader.value(FAMILY, node, path)
        if name is None or FAMILIES[name] in self.versions:
            return FAMILIES.get(name)
        message = f"`families` does not contain {name}."
        self.reader.note(node, path, message, f"Add {name} to `families`, or remove the item.")
        return None

    def _kind_elsewhere(self, names: set[str], here: Mapping[str, Dialect]) -> dict[str, tuple[Dialect, ReferenceKind]]:
        """The kind of reference that one of the names is, of a cloud that is not `here`; empty where there is none."""
        for cloud in sorted(self.known.keys() - here.keys()) if names else ():
            dialect = self.known[cloud]
            for kind in dialect.references:
                if kind.kind in names:
                    return {kind.kind: (dialect, kind)}
        return {}


def _hostname(text: str) -> Hostname:
    return Hostname(text.lower().rstrip("."))


def _why_no_remote(text: str, here: Mapping[str, Dialect], known: Dialects) -> Refusal:
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
            message = f"{text} is {_short(kind)} of {dialect.title}, which needs {kind.size_key}."
            return message, f"Write {{{kind.kind}: {text}, {kind.size_key}: …}}."
    for cloud in sorted(known.keys() - here.keys()):
        for dialect, kind in _kinds({cloud: known[cloud]}):
            if kind.shorthand and fits(kind.shorthand, text):
                return _of_other_cloud(dialect, kind, here)
    return None


def _of_a_word(text: str, here: Mapping[str, Dialect]) -> Refusal:
    ids = [
        kind.example if kind.shorthand and fits(kind.shorthand, kind.example) else f"{{{kind.kind}: {kind.example}}}"
        for _, kind in _kinds(here)
        if not kind.size_key
    ]
    forms = one_of(["10.0.0.0/24", "any", "self", "ntp.example.com", *ids])
    return f"{text!r} is not a CIDR block, a full host name or a resource ID.", f"Write one like {forms}."


def _id_or_hostname(text: str, here: Mapping[str, Dialect]) -> Refusal | None:
    """Why a host name with capitals is ambiguous: it can also be an ID, as of a service tag. None where it is not."""
    kinds = (
        [kind for _, kind in _kinds(here) if not kind.size_key and fits(kind.pattern, text)] if text != text.lower() else []
    )
    if not kinds:
        return None
    forms = [f"{text.lower()} for a host name", *(f"{{{kind.kind}: {text}}}" for kind in kinds)]
    return f"{text!r} can be a host name or {one_of([_short(kind) for kind in kinds])}.", f"Write {one_of(forms)}."


def _short(kind: ReferenceKind) -> str:
    """The title of a kind of reference without the explanation that may follow it."""
    return re.split("[:,]", kind.title, maxsplit=1)[0]


def _of_other_cloud(dialect: Dialect, kind: ReferenceKind, here: Mapping[str, Dialect]) -> Refusal:
    """Why a reference of a cloud cannot stand at a place that is for other clouds."""
    why = f"{_clouds(here)} cannot resolve it" if here else "the file names no cloud"
    message = f"This is {_short(kind)} of {dialect.title}, and {why}."
    return (
        message,
        f"Write a network, or name the cloud under `cloud.{dialect.cloud}` and the item under `{dialect.cloud}:`.",
    )


def _ambiguous(dialect: Dialect, kind: ReferenceKind, here: Mapping[str, Dialect]) -> Refusal:
    """Why a reference cannot stand at a place that is for several clouds."""
    others = {cloud: other for cloud, other in here.items() if cloud != dialect.cloud}
    message = f"This is {_short(kind)} of {dialect.title}, and {_clouds(others)} cannot resolve it."
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
