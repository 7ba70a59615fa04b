"""What the emulated subscription holds, under one lock, and who is told when it changes.

A rule is part of its network security group and a subnet of its virtual network, as in the platform: they share the whole's
ETag, and to write one is to write the whole with one part changed.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from esacloud.lab.arm.limits import Limits
from esacloud.lab.arm.paths import resource_id

State = Literal["Creating", "Updating", "Deleting", "Succeeded", "Failed", "Canceled"]


@dataclass(slots=True)
class ResourceGroup:
    """A resource group: its name as first written, its location, its tags."""

    name: str
    location: str
    tags: dict[str, str] | None = None


@dataclass(slots=True)
class Resource:
    """A resource of Microsoft.Network.

    `properties` are what a client may write, as the API keeps it; `children` its rules or subnets, each of `name` and
    `properties`. Everything that is only read is added when it is shown.
    """

    id: str
    kind: str
    group: str
    name: str
    location: str
    tags: dict[str, str] | None
    properties: dict[str, Any]
    children: list[dict[str, Any]]
    guid: str = field(default_factory=lambda: str(uuid.uuid4()))
    etag: str = ""
    state: State = "Updating"


@dataclass(slots=True)
class Store:
    """The subscription's state. Take `lock` around whatever reads more than once, or changes anything."""

    subscription: str
    limits: Limits
    ignores_if_none_match: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)
    groups: dict[str, ResourceGroup] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    listeners: list[Callable[[], None]] = field(default_factory=list)

    def group(self, name: str) -> ResourceGroup | None:
        """The resource group of that name, in any case."""
        return self.groups.get(name.lower())

    def find(self, group: str, kind: str, name: str) -> Resource | None:
        """The resource of that kind and name, in any case."""
        return self.resources.get(resource_id(self.subscription, group, kind, name).lower())

    def of_kind(self, kind: str, group: str | None = None) -> Iterator[Resource]:
        """All resources of a kind, in the order in which they were made; of one resource group, or of all."""
        for resource in self.resources.values():
            if resource.kind.lower() == kind.lower() and (group is None or resource.group.lower() == group.lower()):
                yield resource

    def keep(self, resource: Resource, state: State) -> None:
        """Put a new or changed resource into the store, with a new ETag."""
        resource.state = state
        resource.etag = f'W/"{uuid.uuid4()}"'
        self.resources[resource.id.lower()] = resource
        self.changed()

    def remove(self, resource: Resource) -> None:
        """Take a resource out of the store."""
        del self.resources[resource.id.lower()]
        self.changed()

    def changed(self) -> None:
        """Tell the listeners, within the lock, so that they see this very state."""
        for listener in tuple(self.listeners):
            listener()
