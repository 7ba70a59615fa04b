"""The expected openings of a gateway: the flows of a deployment, or the catalogue's entries for some features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from esacloud.audit.model import Desired
from esacloud.catalogue.model import Catalogue, Entry, Release, release_text
from esacloud.errors import InputError, Place, Problem, did_you_mean
from esacloud.packets.sets import EVERY_PROTOCOL, ICMP, ICMPV6, IPV4, IPV6, TCP, UDP, Box, Direction, Range
from esacloud.policy.model import Policy
from esacloud.policy.packets import flow_boxes

_PROTOCOLS: Mapping[str, tuple[Range, ...]] = {
    "tcp": ((TCP, TCP),),
    "udp": ((UDP, UDP),),
    "icmp": ((ICMP, ICMP), (ICMPV6, ICMPV6)),
    "all": (EVERY_PROTOCOL,),
}
_MANY_PORTS = 1024
_FAMILIES = ((IPV4, (0, (1 << 32) - 1)), (IPV6, (0, (1 << 128) - 1)))


def from_policy(policy: Policy) -> dict[str, tuple[Desired, ...]]:
    """The flows of a policy by interface: every packet of them is needed, and no other packet."""
    desired: dict[str, list[Desired]] = {interface: [] for interface in policy.interfaces}
    for flow in policy.flows:
        boxes = tuple(map(_short_reference, flow_boxes((flow,))))
        desired[flow.interface].append(Desired(", ".join(flow.entries), flow.rows, boxes, whole=True))
    return {interface: tuple(found) for interface, found in desired.items()}


def _short_reference(box: Box) -> Box:
    """The box with a reference by its short name: a deployment file may have a resource id or a name."""
    kind, _, name = box.address_space.partition(":")
    return box._replace(address_space=f"{kind}:{name.rpartition('/')[2]}") if "/" in name else box


def from_features(
    catalogue: Catalogue, features: Iterable[str] | None, release: str | None, place: Place
) -> tuple[Desired, ...]:
    """The packets of the features' entries, from and to any remote; `None` means every feature.

    Settings are unknown, so an entry that depends on one is optional. Entries with very many ports (FTP data) count only
    when their feature is named, because they would excuse nearly any rule. Raises InputError for a feature or a release
    that the catalogue does not have.
    """
    names = tuple(catalogue.features) if features is None else tuple(dict.fromkeys(features))
    releases: dict[str | None, Release | None] = {
        None: None,
        **{release_text(known): known for known in catalogue.releases},
    }
    problems = [_no_such("feature", name, catalogue.features, place) for name in names if name not in catalogue.features]
    if release is not None and release not in releases:
        problems.append(_no_such("release", release, filter(None, releases), place))
    if problems:
        raise InputError(*problems)
    found = [entry for entry in catalogue.entries if entry.feature in names and _exists_in(entry, releases[release])]
    if features is None:
        found = [entry for entry in found if not _has_many_ports(entry)]
    return tuple(Desired(entry.id, entry.rows, tuple(_boxes(entry)), whole=False) for entry in found)


def needed_without_settings(catalogue: Catalogue, desired: Iterable[Desired]) -> tuple[Desired, ...]:
    """Those that a feature needs whatever its settings are."""
    always = {entry.id for entry in catalogue.entries if not entry.when}
    return tuple(entry for entry in desired if entry.label in always)


def _has_many_ports(entry: Entry) -> bool:
    return any(last - first >= _MANY_PORTS for first, last in entry.ports)


def _exists_in(entry: Entry, release: Release | None) -> bool:
    first, last = entry.releases
    return release is None or ((first is None or first <= release) and (last is None or release <= last))


def _boxes(entry: Entry) -> Iterator[Box]:
    directions: tuple[Direction, ...] = ("ingress", "egress") if entry.direction == "both" else (entry.direction,)
    for direction in directions:
        for transport in entry.transports:
            for protocols in _PROTOCOLS[transport]:
                for ports in entry.ports:
                    for address_space, addresses in _FAMILIES:
                        yield Box(direction, address_space, protocols, entry.source_ports, ports, addresses)


def _no_such(noun: str, name: str, known: Iterable[str], place: Place) -> Problem:
    hint = did_you_mean(name, tuple(known), "See `esacloud ports`.")
    return Problem(place, f"There is no {noun} {name!r}.", hint)
