"""What a run itself has written, so that a read which does not show it yet is known to be stale.

Reads of Azure Resource Manager may lag behind writes, and one read may show less than the one before it. Two answers are
never the present state again, and these are told here: a document with an ETag over which this run has written, and no
document where this run has written one. What others write meanwhile is not known here; their ETags differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from esacloud.azure.live.scope import INTERFACES, SUBNETS, parse_id

_Document = dict[str, Any]


@dataclass(slots=True)
class Written:
    """The writes and deletes of one run, by id in lower case.

    - `_seen`: ETags of the documents that were read or answered; `_older`: those that are no longer the resource's.
    - `_guids`: `resourceGuid` of what was deleted: a resource that is made anew has another.
    - `_there`: whether it was written or deleted last, with the id as it was given.
    """

    _seen: dict[str, set[str]] = field(default_factory=dict)
    _older: dict[str, set[str]] = field(default_factory=dict)
    _guids: dict[str, str] = field(default_factory=dict)
    _gone: dict[str, str] = field(default_factory=dict)
    _there: dict[str, tuple[bool, str]] = field(default_factory=dict)

    def saw(self, resource_id: str, document: _Document | None) -> None:
        """A read has shown this."""
        if document is None:
            return
        key = resource_id.lower()
        if etag := document.get("etag"):
            self._seen.setdefault(key, set()).add(str(etag))
        if guid := _guid(document):
            self._guids[key] = guid

    def wrote(self, resource_id: str, now: _Document | None) -> None:
        """The resource was written, and `now` is what it is since, as far as that is known."""
        key = resource_id.lower()
        present = str((now or {}).get("etag"))  # Azure may leave the ETag as it is where nothing changed
        self._older.setdefault(key, set()).update(self._seen.get(key, set()) - {present})
        self._there[key] = True, resource_id
        self._gone.pop(key, None)
        self.saw(resource_id, now)

    def deleted(self, resource_id: str) -> None:
        """The resource was deleted."""
        key = resource_id.lower()
        self._older.setdefault(key, set()).update(self._seen.get(key, set()))
        self._there[key] = False, resource_id
        if key in self._guids:
            self._gone[key] = self._guids[key]

    def accept(self, resource_id: str) -> None:
        """Take what reads show of it for the present from now on, though it does not fit: somebody else may be at it."""
        for known in (self._older, self._gone, self._there):
            known.pop(resource_id.lower(), None)

    def is_stale(self, resource_id: str, document: _Document | None) -> bool:
        """Whether a read of one resource shows it as it was before a write of this run."""
        key = resource_id.lower()
        if document is None:
            return self._there.get(key, (False, ""))[0]
        if str(document.get("etag")) in self._older.get(key, ()):
            return True
        return key in self._gone and _guid(document) == self._gone[key]

    def stale_in(self, kind: str, resource_group: str, documents: Iterable[_Document]) -> list[str]:
        """The ids of what a list of a resource group shows as it was before a write of this run."""
        shown = {str(one["id"]).lower(): one for one in documents}
        return [
            resource_id
            for key, (_, resource_id) in self._there.items()
            if (where := parse_id(resource_id)).kind == kind
            and where.group.lower() == resource_group.lower()
            and self.is_stale(resource_id, shown.get(key))
        ]

    def attachments(self) -> Iterator[str]:
        """The subnets and network interfaces that were written."""
        return (one for there, one in self._there.values() if there and parse_id(one).kind in (INTERFACES, SUBNETS))


def _guid(document: _Document) -> str:
    return str((document.get("properties") or {}).get("resourceGuid") or "")
