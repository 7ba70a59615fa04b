"""The writes of a run, to recognize reads that do not show them yet.

Reads of Azure Resource Manager may lag behind writes, and one read may show less than the one before it. Two answers are
never the present state: a document with an ETag that this run has overwritten, and no document where this run has written
one. Writes of others are not recorded here; their ETags differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from esacloud.azure.live.documents import Document, properties_of
from esacloud.azure.live.scope import INTERFACES, SUBNETS, parse_id


@dataclass(slots=True)
class Written:
    """The writes and deletes of one run, by ID in lower case.

    - `_seen`: ETags of the documents of reads and answers; `_older`: those that are no longer the resource's.
    - `_guids`: the last `resourceGuid`; `_gone`: that of a deleted resource. A resource that is created again has another.
    - `_exists`: whether it was written (or deleted) last, with the ID as it was given.
    """

    _seen: dict[str, set[str]] = field(default_factory=dict)
    _older: dict[str, set[str]] = field(default_factory=dict)
    _guids: dict[str, str] = field(default_factory=dict)
    _gone: dict[str, str] = field(default_factory=dict)
    _exists: dict[str, tuple[bool, str]] = field(default_factory=dict)

    def saw(self, resource_id: str, document: Document | None) -> None:
        """A read has shown this document."""
        if document is None:
            return
        key = resource_id.lower()
        if etag := document.get("etag"):
            self._seen.setdefault(key, set()).add(str(etag))
        if guid := _guid(document):
            self._guids[key] = guid

    def wrote(self, resource_id: str, now: Document | None) -> None:
        """The resource was written; `now` is its state since then, where it is known."""
        key = resource_id.lower()
        present = str((now or {}).get("etag"))  # Azure may leave the ETag as it is where nothing changed
        self._older.setdefault(key, set()).update(self._seen.get(key, set()) - {present})
        self._exists[key] = True, resource_id
        self._gone.pop(key, None)
        self.saw(resource_id, now)

    def deleted(self, resource_id: str) -> None:
        """The resource was deleted."""
        key = resource_id.lower()
        self._older.setdefault(key, set()).update(self._seen.get(key, set()))
        self._exists[key] = False, resource_id
        if key in self._guids:
            self._gone[key] = self._guids[key]

    def accept(self, resource_id: str) -> None:
        """Accept what reads show from now on, though it looks stale: somebody else may be changing it."""
        for known in (self._older, self._gone, self._exists):
            known.pop(resource_id.lower(), None)

    def is_stale(self, resource_id: str, document: Document | None) -> bool:
        """Whether a read of one resource shows it as it was before a write of this run."""
        key = resource_id.lower()
        if document is None:
            return self._exists.get(key, (False, ""))[0]
        if str(document.get("etag")) in self._older.get(key, ()):
            return True
        return key in self._gone and _guid(document) == self._gone[key]

    def stale_in(self, kind: str, resource_group: str, documents: Iterable[Document]) -> list[str]:
        """The ids of what a list of a resource group shows as it was before a write of this run."""
        shown = {str(one["id"]).lower(): one for one in documents}
        return [
            resource_id
            for key, (_, resource_id) in self._exists.items()
            if (where := parse_id(resource_id)).kind == kind
            and where.group.lower() == resource_group.lower()
            and self.is_stale(resource_id, shown.get(key))
        ]

    def attachments(self) -> Iterator[str]:
        """The subnets and network interfaces that were written."""
        return (one for there, one in self._exists.values() if there and parse_id(one).kind in (INTERFACES, SUBNETS))


def _guid(document: Document) -> str:
    return str(properties_of(document).get("resourceGuid") or "")
