"""Host names that a firewall matches: which ones a policy asks for, and what a deployment needs for that.

Security groups hold no names, so the proof over packets says nothing of them; that a module lets exactly the policy's
names pass is proven here beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from esacloud.catalogue.model import Catalogue, PortRange, Transport
from esacloud.deployment.model import Deployment
from esacloud.deployment.names import HOSTNAME, fits
from esacloud.errors import Problem
from esacloud.packets.addresses import AddressError, parse_network
from esacloud.policy.model import Policy

WEB: dict[PortRange, str] = {(80, 80): "http", (443, 443): "tls"}  # where the protocol itself carries the name


class FilteredName(NamedTuple):
    """A name that a firewall lets pass: with which transport, to which ports."""

    transport: Transport
    ports: PortRange
    name: str

    def __str__(self) -> str:
        first, last = self.ports
        return f"{self.transport}/{first if first == last else f'{first}-{last}'} to {self.name}"


def filtered_names(policy: Policy) -> frozenset[FilteredName]:
    """Every name that a firewall has to let pass for the policy's flows."""
    return frozenset(FilteredName(flow.transport, flow.ports, name) for flow in policy.flows for name in flow.filtered)


def name_differences(policy: Policy, found: Iterable[FilteredName]) -> tuple[str, ...]:
    """Where the names that a module lets pass are not the policy's, as sentences."""
    desired, given = filtered_names(policy), frozenset(found)
    if desired == given:
        return ()
    return (
        *(f"The firewall's rules let {name} pass, and the policy does not." for name in sorted(given - desired)),
        *(f"The policy lets {name} pass, and the firewall's rules do not." for name in sorted(desired - given)),
    )


def way_problems(deployment: Deployment, reasons: Mapping[Any, Iterable[tuple[Any, Any]]]) -> Iterator[Problem]:
    """What a deployment with pinned or filtered names lacks, and what makes them worth less than they look.

    `reasons` are those of each flow of the compiler: entries, each with its way and its names.
    """
    ways: dict[Any, dict[str, set[str]]] = {}  # interface, direction, transport and ports -> way -> features
    for (interface, direction, transport, ports, _, _), of_it in reasons.items():
        for entry, (way, names) in of_it:
            if names:
                found = ways.setdefault((interface, direction, transport, ports), {})
                found.setdefault(way, set()).add(entry.feature)
    filters = any("filtered" in found for found in ways.values())
    if deployment.firewall and not filters:
        message = "No feature's host names are filtered, so `firewall` changes nothing."
        yield Problem(deployment.firewall.place, message, "Take it out, or choose `filtered` under `hostnames`.", "warning")
    if filters and not deployment.own_networks:
        yield Problem(
            deployment.place.at("own_networks"),
            "A firewall matches names for the gateway alone, and the file does not say which networks it has.",
            "Write `own_networks` with the gateway's own subnets.",
        )
    for (interface, _, transport, (first, last)), found in ways.items():
        others = sorted(found.keys() - {"open"})
        if "open" in found and others:
            shown = first if first == last else f"{first}-{last}"
            open_ones = ", ".join(sorted(found["open"]))
            narrowed = ", ".join(sorted({feature for way in others for feature in found[way]}))
            yield Problem(
                deployment.place.at("hostnames"),
                f"At {interface} {transport}/{shown} is open to any for {open_ones}, so {' and '.join(others)} host names "
                f"of {narrowed} keep nothing out there.",
                "Choose another way or give networks for the features that are open, or put them on another interface.",
                "warning",
            )


def reasons_of_names(policy: Policy, catalogue: Catalogue) -> dict[FilteredName, dict[str, list[Any]]]:
    """Every name that the policy wants matched, in order, with the rows and entries behind it.

    Where a flow serves several entries, a name of the catalogue is that of its own; one of the user's is that of all.
    """
    asking: dict[FilteredName, set[str]] = {}
    for flow in policy.flows:
        for name in flow.filtered:
            own = [entry for entry in flow.entries if name in catalogue.entry(entry).hostnames]
            asking.setdefault(FilteredName(flow.transport, flow.ports, name), set()).update(own or flow.entries)
    return {
        name: {
            "rows": sorted({row for entry in entries for row in catalogue.entry(entry).rows}),
            "entries": sorted(entries),
        }
        for name, entries in sorted(asking.items())
    }


def is_name_row(name: object, row: object) -> bool:
    """Whether a row of a module's table is a plain host name with its rows and entries, as a firewall takes it."""
    return (
        isinstance(name, str)
        and fits(HOSTNAME, name)
        and isinstance(row, dict)
        and row.keys() == {"rows", "entries"}
        and all(type(number) is int for number in row["rows"])
        and all(isinstance(entry, str) and "{" not in entry for entry in row["entries"])
    )


def is_canonical(text: object) -> bool:
    """Whether a value of a module is a network in its canonical form."""
    try:
        return isinstance(text, str) and str(parse_network(text)) == text
    except AddressError:
        return False
