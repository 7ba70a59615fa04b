"""The expected openings of a gateway: the flows of a deployment, or the catalogue's entries for some features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from esacloud.audit.model import Desired
from esacloud.catalogue.model import Catalogue, Entry, Release, release_text
from esacloud.catalogue.select import in_bounds
from esacloud.errors import InputError, Place, Problem, did_you_mean
from esacloud.packets.sets import EVERY_ADDRESS, Box
from esacloud.policy.model import Policy
from esacloud.policy.packets import PROTOCOLS, flow_boxes, short_reference

_MANY_PORTS = 1024


def from_policy(policy: Policy) -> dict[str, tuple[Desired, ...]]:
    """The flows of a policy by interface: every packet of them is needed, and no other packet."""
    desired: dict[str, list[Desired]] = {interface: [] for interface in policy.interfaces}
    for flow in policy.flows:
        boxes = tuple(map(short_reference, flow_boxes((flow,))))
        desired[flow.interface].append(Desired(", ".join(flow.entries), flow.rows, boxes, whole=True))
    return {interface: tuple(found) for interface, found in desired.items()}


def from_features(
    catalogue: Catalogue, features: Iterable[str] | None, release: str | None, place: Place
) -> tuple[Desired, ...]:
    """The packets of the features' entries, from and to any remote; `None` means every feature.

    Settings are unknown, so an entry that depends on one is optional. Entries with very many ports (FTP data) count only
    when their feature is named, because they would excuse nearly any rule. Raises InputError for a feature or a release
    that the catalogue does not have.
    """
    names = tuple(catalogue.features) if features is None else tuple(dict.fromkeys(features))
    releases = {release_text(known): known for known in catalogue.releases}
    problems = [_no_such("feature", name, catalogue.features, place) for name in names if name not in catalogue.features]
    if release is not None and release not in releases:
        problems.append(_no_such("release", release, releases, place))
    if problems:
        raise InputError(*problems)
    found = _entries(catalogue, names, None if release is None else releases[release])
    if features is None:
        found = [entry for entry in found if not _has_many_ports(entry)]
    return tuple(Desired(entry.id, entry.rows, tuple(_boxes(entry)), whole=False) for entry in found)


def needed_without_settings(catalogue: Catalogue, desired: Iterable[Desired]) -> tuple[Desired, ...]:
    """Those that a feature needs whatever its settings are."""
    always = {entry.id for entry in catalogue.entries if not entry.when}
    return tuple(entry for entry in desired if entry.label in always)


def _entries(catalogue: Catalogue, features: tuple[str, ...], release: Release | None) -> list[Entry]:
    found = [entry for entry in catalogue.entries if entry.feature in features]
    return found if release is None else [entry for entry in found if in_bounds(entry, release)]


def _has_many_ports(entry: Entry) -> bool:
    return any(last - first >= _MANY_PORTS for first, last in entry.ports)


def _boxes(entry: Entry) -> Iterator[Box]:
    protocols = [numbers for transport in entry.transports for numbers in PROTOCOLS[transport]]
    sides = product(entry.directions, protocols, entry.ports, EVERY_ADDRESS.items())
    for direction, numbers, ports, (address_space, addresses) in sides:
        yield Box(direction, address_space, numbers, entry.source_ports, ports, addresses)


def _no_such(noun: str, name: str, known: Iterable[str], place: Place) -> Problem:
    hint = did_you_mean(name, tuple(known), "See `esacloud ports`.")
    return Problem(place, f"There is no {noun} {name!r}.", hint)
