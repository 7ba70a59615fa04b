"""A peer's networks from a file of published ranges: AWS's `ip-ranges.json`, Microsoft's Office 365 endpoints.

In a deployment file that is `{ranges: FILE, service: NAME, region: NAME}`, the path seen from that file. The file is
a copy that the user downloaded. Networks that touch or overlap are joined, and families not in use are omitted.

Formats: https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-ranges.html and, for the answer of `/endpoints/worldwide`,
https://learn.microsoft.com/microsoft-365/enterprise/microsoft-365-ip-web-service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from esacloud.errors import did_you_mean, one_of
from esacloud.packets.addresses import AddressError, Network, Version, networks_between, parse_network
from esacloud.packets.spans import Range, joined

LARGEST = 64 * 1024 * 1024  # bytes; ip-ranges.json has about 2 MB
_MANY = 12  # services that a sentence can list


class RangesError(Exception):
    """Why a file of ranges cannot be used: the item's key, what is wrong, what to write instead."""

    def __init__(self, key: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.key, self.message, self.hint = key, message, hint


@dataclass(frozen=True, slots=True)
class _Range:
    service: str
    region: str | None
    network: str


def networks_in(path: Path, service: str, region: str | None, versions: tuple[Version, ...]) -> tuple[Network, ...]:
    """The networks of a service, of one region where the file has regions. Raises RangesError."""
    found = _ranges(path)
    of_service = [entry for entry in found if entry.service == service]
    if not of_service:
        raise _unknown("service", service, {entry.service for entry in found}, path)
    networks = []
    for entry in of_service if region is None else _of_region(of_service, region, path):
        try:
            networks.append(parse_network(entry.network))
        except AddressError as error:
            raise _damaged(path, error.message) from None
    kept = _joined(network for network in networks if network.version in versions)
    if not kept:
        message = f"{path.name} has no networks of {service} in the families in use."
        raise RangesError("service", message, "Add the other family to `families`, or choose another service.")
    return kept


def _of_region(ranges: list[_Range], region: str, path: Path) -> list[_Range]:
    known = {entry.region for entry in ranges if entry.region is not None}
    if not known:
        raise RangesError("region", f"{path.name} has no regions.", "Remove the region.")
    if region not in known:
        raise _unknown("region", region, known, path)
    return [entry for entry in ranges if entry.region == region]


def _unknown(key: str, name: str, known: set[str], path: Path) -> RangesError:
    names = sorted(known)
    every = f"Write {one_of(names)}." if len(names) <= _MANY else "Choose one from the file."
    return RangesError(key, f"{path.name} has no {key} {name!r}.", did_you_mean(name, names, every))


def _damaged(path: Path, why: str) -> RangesError:
    return RangesError("ranges", f"{path.name} is damaged: {why}", "Download it again.")


def _ranges(path: Path) -> list[_Range]:
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise RangesError("ranges", f"The file {str(path)!r} cannot be read: {reason}.", "Write its path.") from None
    try:
        document = json.loads(data) if len(data) <= LARGEST else None
    except (ValueError, RecursionError):
        document = None
    reader = _reader_of(document)
    if reader is None:
        message = f"{path.name} is neither AWS's ip-ranges.json nor a response of Microsoft's endpoints service."
        raise RangesError("ranges", message, "Write the path of a copy of one of them.")
    try:
        return list(reader(document))
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, f"a value is missing or of the wrong type: {error}.") from None


def _reader_of(document: Any) -> Callable[[Any], Iterator[_Range]] | None:
    if isinstance(document, dict) and isinstance(document.get("prefixes"), list):
        return _aws
    if (
        isinstance(document, list)
        and document
        and all(isinstance(entry, dict) and "serviceArea" in entry for entry in document)
    ):
        return _office365
    return None


def _aws(document: Mapping[str, Any]) -> Iterator[_Range]:
    for key, field in (("prefixes", "ip_prefix"), ("ipv6_prefixes", "ipv6_prefix")):
        for entry in document.get(key, ()):
            yield _Range(_text(entry["service"]), _text(entry["region"]), _text(entry[field]))


def _office365(document: list[Mapping[str, Any]]) -> Iterator[_Range]:
    for entry in document:
        for network in entry.get("ips", ()):  # an endpoint with only names has none
            yield _Range(_text(entry["serviceArea"]), None, _text(network))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is not a text")
    return value


def _joined(networks: Iterable[Network]) -> tuple[Network, ...]:
    """The fewest networks with exactly these addresses, ascending."""
    spans: dict[Version, list[Range]] = {4: [], 6: []}
    for network in networks:
        spans[network.version].append((network.first, network.last))
    return tuple(
        network for version in spans for span in joined(spans[version]) for network in networks_between(version, *span)
    )
