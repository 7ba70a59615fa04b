"""Host names that a firewall matches: the names of a policy, and what a deployment needs for them.

Security groups contain no names, so the proof over packets does not cover them. `name_differences` proves that a module
permits exactly the policy's names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from esacloud.catalogue.model import Catalogue, PortRange, Transport
from esacloud.deployment.model import Deployment
from esacloud.deployment.names import HOSTNAME, fits
from esacloud.errors import Problem
from esacloud.packets.addresses import AddressError, parse_network
from esacloud.packets.spans import range_text
from esacloud.policy.model import Policy

WEB: dict[PortRange, str] = {(80, 80): "http", (443, 443): "tls"}  # protocols that contain the host name


class FilteredName(NamedTuple):
    """A name that a firewall permits, with transport and ports."""

    transport: Transport
    ports: PortRange
    name: str

    def __str__(self) -> str:
        return f"{self.transport}/{range_text(self.ports)} to {self.name}"


def filtered_names(policy: Policy) -> frozenset[FilteredName]:
    """Every name that a firewall has to permit for the policy's flows."""
    return frozenset(FilteredName(flow.transport, flow.ports, name) for flow in policy.flows for name in flow.filtered)


def name_differences(policy: Policy, found: Iterable[FilteredName]) -> tuple[str, ...]:
    """Where a module and the policy permit different names, as sentences."""
    desired, given = filtered_names(policy), frozenset(found)
    if desired == given:
        return ()
    return (
        *(f"The firewall's rules permit {name}, but the policy does not." for name in sorted(given - desired)),
        *(f"The policy permits {name}, but the firewall's rules do not." for name in sorted(desired - given)),
    )


def mode_problems(deployment: Deployment, reasons: Mapping[Any, Iterable[tuple[Any, Any]]]) -> Iterator[Problem]:
    """What a deployment with pinned or filtered names lacks, and where open names make them ineffective.

    `reasons` are those of each flow of the compiler: entries, each with a mode and names.
    """
    modes: dict[Any, dict[str, set[str]]] = {}  # interface, direction, transport and ports -> mode -> features
    for (interface, direction, transport, ports, _, _), of_flow in reasons.items():
        for entry, (mode, names) in of_flow:
            if names:
                found = modes.setdefault((interface, direction, transport, ports), {})
                found.setdefault(mode, set()).add(entry.feature)
    filters = any("filtered" in found for found in modes.values())
    if deployment.firewall and not filters:
        message = "No feature's host names are filtered, so `firewall` has no effect."
        yield Problem(deployment.firewall.place, message, "Remove it, or choose `filtered` under `hostnames`.", "warning")
    if filters and not deployment.own_networks:
        yield Problem(
            deployment.place.at("own_networks"),
            "The firewall's rules match names for the gateway only, and the file does not name the gateway's networks.",
            "Write `own_networks` with the gateway's own subnets.",
        )
    for (interface, _, transport, ports), found in modes.items():
        others = sorted(found.keys() - {"open"})
        if "open" in found and others:
            service, open_ones = f"{transport}/{range_text(ports)}", ", ".join(sorted(found["open"]))
            narrowed = ", ".join(sorted({feature for mode in others for feature in found[mode]}))
            yield Problem(
                deployment.place.at("hostnames"),
                f"At {interface} {service} is open to any address for {open_ones}, so {' and '.join(others)} "
                f"host names of {narrowed} have no effect there.",
                "Choose another mode or name networks for the open features, or move them to another interface.",
                "warning",
            )


def reasons_of_names(policy: Policy, catalogue: Catalogue) -> dict[FilteredName, dict[str, list[Any]]]:
    """Every name that a firewall matches, in order, with its rows and entries.

    Where a flow serves several entries, a name of the catalogue belongs to its own entry, a name of the user to all.
    """
    asking: dict[FilteredName, set[str]] = {}
    for flow in policy.flows:
        for name in flow.filtered:
            own = [entry for entry in flow.entries if name in catalogue.of_id[entry].hostnames]
            asking.setdefault(FilteredName(flow.transport, flow.ports, name), set()).update(own or flow.entries)
    return {
        name: {
            "rows": sorted({row for entry in entries for row in catalogue.of_id[entry].rows}),
            "entries": sorted(entries),
        }
        for name, entries in sorted(asking.items())
    }


def is_name_row(name: object, row: object) -> bool:
    """Whether a row of a module's table is a plain host name with its rows and entries."""
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
