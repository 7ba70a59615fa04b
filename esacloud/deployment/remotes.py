"""One far side of a peer: a network, `any`, `self`, a host name, or what only a cloud can resolve.

A bare text is a network before anything else, then a cloud's id, then a host name. A single word is never a host name: it
would be a typing mistake that opens a port to everyone. In a file that names several clouds, what only one of them
understands stands under that cloud's name.
"""

from __future__ import annotations

from collections.abc import Mapping

from esacloud.deployment.document import MappingNode, Node, ScalarNode
from esacloud.deployment.model import AnyAddress, Dialect, Hostname, Reference, ReferenceKind, Remote, SelfReference
from esacloud.deployment.names import fits, hostname_refusal
from esacloud.deployment.reader import Reader, is_null, is_number, join
from esacloud.deployment.refusals import Dialects, ambiguous, id_or_hostname, short, unmanaged, why_no_remote
from esacloud.errors import one_of
from esacloud.packets.addresses import AddressError, Network, Version, parse_network

FAMILIES: dict[str, Version] = {"ipv4": 4, "ipv6": 6}
_WORDS: dict[str, Remote] = {"any": AnyAddress(), "self": SelfReference()}


class RemoteReader:
    """Reads the far sides of one file. `known` are all clouds, `versions` the address families of the file."""

    def __init__(self, reader: Reader, known: Dialects, versions: tuple[Version, ...]) -> None:
        self.reader, self.known, self.versions = reader, known, versions

    def bare(self, node: ScalarNode, key: str, here: Mapping[str, Dialect]) -> Remote | None:
        """A far side that is one text, at a place that speaks to the clouds `here`."""
        text: str = node.value
        if (word := _WORDS.get(text)) is not None:
            return word
        try:
            network = parse_network(text)
        except AddressError:
            return self._id_or_hostname(node, key, here, text)
        return network if network.version in self.versions else self._of_our_families(node, key, network)

    def _id_or_hostname(self, node: ScalarNode, key: str, here: Mapping[str, Dialect], text: str) -> Remote | None:
        for dialect in here.values():
            for kind in dialect.references:
                if kind.shorthand and fits(kind.shorthand, text):
                    return self._reference(node, key, dialect, kind, text, {}, here)
        if hostname_refusal(text) is None and (node.style or not is_number(text)):
            if (refusal := id_or_hostname(text, here)) is None:
                return _hostname(text)
            self.reader.note(node, key, *refusal)
            return None
        self.reader.note(node, key, *why_no_remote("" if is_null(node) else text, here, self.known))
        return None

    def described(
        self, node: MappingNode, key: str, here: Mapping[str, Dialect]
    ) -> tuple[Remote | None, Mapping[str, Node]]:
        """A far side that is a mapping, where exactly one key says what it is; and the mapping's values."""
        kinds = {kind.kind: (dialect, kind) for dialect in here.values() for kind in dialect.references}
        present = {name.value for name, _ in node.value}
        unmanaged_kind = self._unmanaged_kind(present - kinds.keys() - {"network", "hostname"}, here)
        beside = {"note"}
        for _, kind in (kinds[name] for name in present & kinds.keys()):
            beside.update(filter(None, (kind.size_key, "family" if kind.has_version else None)))
        allowed = ["network", "hostname", *kinds, *(unmanaged_kind or {}), *sorted(beside)]
        fields = self.reader.mapping(node, key, allowed)
        subjects = [name for name in fields if name not in beside]
        if not subjects and len(fields) < len(node.value):
            return None, fields  # what it should have said is misspelt, and noted
        if len(subjects) != 1:
            known = one_of(["network", "hostname", *kinds])
            message = f"The item is {' and '.join(subjects)} at once." if subjects else "The item does not say what it is."
            self.reader.note(node, key, message, f"Write one of these keys: {known}.")
            return None, fields
        (subject,) = subjects
        inside = join(key, subject)
        if unmanaged_kind:
            self.reader.note(node, inside, *unmanaged(*unmanaged_kind[subject], here))
            return None, fields
        text = self.reader.text(fields[subject], inside, "Write it as a text.")
        if text is None:
            return None, fields
        if subject in kinds:
            dialect, kind = kinds[subject]
            if fits(kind.pattern, text):
                return self._reference(node, key, dialect, kind, text, fields, here), fields
            self.reader.note(
                fields[subject], inside, f"{text!r} is no id of {short(kind)}.", f"Write one as {kind.example}."
            )
            return None, fields
        return self._network_or_hostname(fields[subject], inside, subject, text), fields

    def _network_or_hostname(self, node: Node, key: str, subject: str, text: str) -> Remote | None:
        if subject == "network":
            try:
                return self._of_our_families(node, key, parse_network(text))
            except AddressError as error:
                refusal = error.message, error.hint
        elif (refused := hostname_refusal(text)) is None:
            return _hostname(text)
        else:
            refusal = refused
        self.reader.note(node, key, *refusal)
        return None

    def _of_our_families(self, node: Node, key: str, network: Network) -> Network | None:
        if network.version in self.versions:
            return network
        message = f"{network} is IPv{network.version}, which `families` leaves out."
        self.reader.note(node, key, message, f"Add ipv{network.version} to `families`, or take the network out.")
        return None

    def _reference(
        self,
        node: Node,
        key: str,
        dialect: Dialect,
        kind: ReferenceKind,
        text: str,
        fields: Mapping[str, Node],
        here: Mapping[str, Dialect],
    ) -> Reference | None:
        if len(here) > 1:
            self.reader.note(node, key, *ambiguous(dialect, kind, here))
            return None
        size: int | None = 1
        if kind.size_key:
            inside = join(key, kind.size_key)
            if kind.size_key in fields:
                size = self.reader.number(fields[kind.size_key], inside, kind.sizes)
            else:
                low, high = kind.sizes
                self.reader.missing(
                    node, inside, f"Write it beside the {kind.kind}: the most entries it may hold, {low} to {high:,}."
                )
                size = None
        version = None
        if "family" in fields:
            version = self._family(fields["family"], join(key, "family"))
            if version is None:
                return None
        return None if size is None else Reference(dialect.cloud, kind.kind, text, size, version)

    def _family(self, node: Node, key: str) -> Version | None:
        name = self.reader.scalar(node, key, f"Write {one_of(list(FAMILIES))}.")
        if name is None:
            return None
        if name not in FAMILIES:
            self.reader.unknown(node, key, "family", name, FAMILIES)
            return None
        if FAMILIES[name] not in self.versions:
            self.reader.note(
                node, key, f"`families` leaves {name} out.", f"Add {name} to `families`, or take the item out."
            )
            return None
        return FAMILIES[name]

    def _unmanaged_kind(
        self, names: set[str], here: Mapping[str, Dialect]
    ) -> dict[str, tuple[Dialect, ReferenceKind]] | None:
        """The kind of reference, of a cloud that this place does not speak to, that one of the names is."""
        for cloud in sorted(self.known.keys() - here.keys()) if names else ():
            dialect = self.known[cloud]
            for kind in dialect.references:
                if kind.kind in names:
                    return {kind.kind: (dialect, kind)}
        return None


def _hostname(text: str) -> Hostname:
    return Hostname(text.lower().rstrip("."))
