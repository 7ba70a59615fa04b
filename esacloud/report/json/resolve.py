"""What `resolve --json` prints (schemas/resolve.schema.json)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from esacloud.report.text.resolve import address_texts

if TYPE_CHECKING:
    from esacloud.hostnames.resolve import Change, Resolved


def resolved_document(resolved: Resolved, *, written: bool) -> dict[str, Any]:
    """The document."""
    changes = {change.name: change for change in resolved.changes}
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
                "addresses": address_texts(sorted(locked.addresses)),
                **_change(changes[name]),
                "aliases": list(locked.aliases),
                "ttl": locked.ttl,
                "resolver": locked.resolver,
            }
            for name, locked in sorted(resolved.lock.names.items())
        ],
        "removed_names": sorted(changes.keys() - resolved.lock.names.keys()),
        "warnings": [str(warning) for warning in resolved.warnings],
    }


def _change(change: Change) -> dict[str, list[str]]:
    return {
        "added": address_texts(change.added),
        "removed": address_texts(change.removed),
        "in_grace": address_texts(change.kept),
    }
