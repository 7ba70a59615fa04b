"""What `resolve` prints for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from esacloud.packets.addresses import Network, address_text
from esacloud.report.text.table import counted

if TYPE_CHECKING:
    from esacloud.hostnames.resolve import Resolved


def resolved_text(resolved: Resolved, *, written: bool) -> str:
    """A line for each name whose addresses changed, and one about the lock."""
    lines = []
    for change in resolved.changes:
        parts = [
            f"{word} {', '.join(address_texts(networks))}"
            for word, networks in (("+", change.added), ("-", change.removed), ("in grace period:", change.kept))
            if networks
        ]
        if parts:
            lines.append(f"{change.name}: {'; '.join(parts)}")
    names, addresses = len(resolved.lock.names), len({a for name in resolved.lock.names.values() for a in name.addresses})
    content = f"{counted(names, 'name')}, {counted(addresses, 'address', 'es')}"
    moved = "addresses changed" if resolved.changed else "no address changed"
    lines.append(f"{resolved.path}: {content}; {moved}; {'written' if written else 'nothing written'}")
    return "\n".join(lines)


def address_texts(networks: Iterable[Network]) -> list[str]:
    """Single addresses as text, without a prefix length."""
    return [address_text(network.version, network.first) for network in networks]
