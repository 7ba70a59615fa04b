"""What `resolve` prints, for people and for programs (schemas/resolve.schema.json)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from esacloud.packets.addresses import Network, address_text

if TYPE_CHECKING:
    from esacloud.hostnames.resolve import Change
    from esacloud.hostnames.run import Resolved


def resolved_text(resolved: Resolved, *, written: bool) -> str:
    """A line for each name that moved, and one that says what became of the lock."""
    return "\n".join(_lines(resolved, written))


def _lines(resolved: Resolved, written: bool) -> Iterator[str]:
    for change in resolved.changes:
        parts = [
            f"{word} {', '.join(_texts(networks))}"
            for word, networks in (("+", change.added), ("-", change.removed), ("in its grace time:", change.kept))
            if networks
        ]
        if parts:
            yield f"{change.name}: {'; '.join(parts)}"
    count = len({network for locked in resolved.lock.names.values() for network in locked.addresses})
    holds = f"{_count(len(resolved.lock.names), 'name')}, {_count(count, 'address', 'es')}"
    moved = "addresses changed" if resolved.changed else "no address changed"
    yield f"{resolved.path}: {holds}; {moved}; {'written' if written else 'nothing written'}"


def resolved_document(resolved: Resolved, *, written: bool) -> dict[str, Any]:
    """The document."""
    moves = {change.name: change for change in resolved.changes}
    return {
        "deployment": resolved.deployment,
        "lock": resolved.path,
        "resolved": resolved.lock.resolved,
        "grace_days": resolved.lock.grace_days,
        "changed": resolved.changed,
        "written": written,
        "names": [
            {
                "name": name,
                "addresses": _texts(sorted(locked.addresses)),
                **_moved(moves[name]),
                "aliases": list(locked.aliases),
                "ttl": locked.ttl,
                "resolver": locked.resolver,
            }
            for name, locked in sorted(resolved.lock.names.items())
        ],
        "forgotten": sorted(moves.keys() - resolved.lock.names.keys()),
        "warnings": [str(warning) for warning in resolved.warnings],
    }


def _moved(change: Change) -> dict[str, list[str]]:
    return {"added": _texts(change.added), "removed": _texts(change.removed), "in_grace": _texts(change.kept)}


def _texts(networks: Iterable[Network]) -> list[str]:
    return [address_text(network.version, network.first) for network in networks]


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}{'' if number == 1 else plural}"
