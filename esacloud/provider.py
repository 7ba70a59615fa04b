"""The clouds that esacloud knows, and the protocols that a cloud's package fulfils.

Everything above the cloud packages asks here and names no cloud. Another cloud is one package with a module `provider`, and
one line in CLOUDS; CONTRIBUTING.md walks through it. Two protocols stand where their values are defined and are part of the
same contract: `esacloud.deployment.model.Dialect` (a cloud's keys of the deployment file) and
`esacloud.change.live.LiveCloud` (what the change engine asks of a cloud).

The parts that need a cloud's SDK, or much code, are methods that import when they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from esacloud.change.live import Connection, LiveCloud
    from esacloud.deployment.model import Deployment, Dialect
    from esacloud.policy.actual import ActualGroups
    from esacloud.policy.lowered import Document, Lowered, ReadBack
    from esacloud.policy.model import Policy


class Inventory(Protocol):
    """Groups that exist or are planned: the module `inventory.read` of a cloud."""

    SOURCES: tuple[str, ...]  # the commands whose output `read_groups` reads, as a person types them
    LIVE_OPTIONS: Mapping[str, str]  # what `fetch_groups` takes from the command line -> the help of that option

    def read_groups(self, document: Any) -> ActualGroups | None:
        """The groups that a JSON document describes, or None where it is none of SOURCES."""

    def fetch_groups(self, connection: Connection, settings: Mapping[str, str]) -> ActualGroups:
        """All groups of an account, a subscription or the like, read through the cloud's API.

        `settings`: those of the deployment file, if there is one, each replaced by the option of that name if it is given.
        Raises InputError without the SDK or with settings that do not suffice, OutsideError where the cloud refuses.
        """


class Live(Protocol):
    """The module `live.cloud` of a cloud."""

    def live(self, deployment: Deployment, connection: Connection) -> LiveCloud:
        """The groups of a deployment. Raises InputError without the SDK or with settings that do not suffice."""

    def live_of(self, found: Mapping[str, Any], connection: Connection) -> LiveCloud:
        """The groups of a snapshot's document. Raises KeyError for a key that is missing in its scope."""


class Lab(Protocol):
    """A cloud on this machine: a module that serves it and fills it."""

    def serve(self, ready: Callable[[str], None], lag: float = 0.0) -> None:
        """Serve until the process ends. Calls `ready` with the address; reads lag behind writes by `lag` seconds."""

    def connection(self, address: str) -> Connection:
        """How to reach the lab."""

    def furnish(self, where: Connection, deployment: Deployment, lowered: Lowered | None) -> tuple[str, ...]:
        """Make what the file expects to exist, and return its names."""

    def in_use(self, where: Connection, deployment: Deployment) -> bool:
        """Whether groups of the deployment exist there."""

    def instructions(self, address: str) -> str:
        """How other programs reach the lab."""


class Provider(Protocol):
    """One cloud: the value PROVIDER of its module `provider`."""

    @property
    def dialect(self) -> Dialect:
        """What the cloud adds to the deployment file."""

    @property
    def public_address_spaces(self) -> frozenset[str]:
        """References that stand for public addresses, as Azure's service tag Internet does."""

    def lower(self, policy: Policy, deployment: Deployment) -> Lowered:
        """The policy in the cloud's rules, exactly. Raises InputError where quotas or character sets do not suffice."""

    def documents(self, lowered: Lowered, deployment: Deployment) -> Mapping[str, Document]:
        """The Terraform JSON documents of the module: file name (`main.tf.json`, ...) -> document."""

    def read_back(self, documents: Mapping[str, Document]) -> ReadBack:
        """Evaluate such documents as terraform would, without trusting anything about who wrote them."""

    def inventory(self) -> Inventory:
        """Groups that exist or are planned."""

    def live(self) -> Live:
        """Plan, apply, destroy and restore through the cloud's API."""


@dataclass(frozen=True, slots=True)
class Packages:
    """Where a cloud's code is: its package, and the module of its lab."""

    package: str
    lab: str


CLOUDS = {
    "aws": Packages("esacloud.aws", lab="esacloud.lab.ec2.lab"),
    "azure": Packages("esacloud.azure", lab="esacloud.lab.arm.lab"),
}


def load(name: str) -> Provider:
    """The cloud of that name, imported when it is first asked for. Raises KeyError for a name not in CLOUDS."""
    return cast(Provider, import_module(f"{CLOUDS[name].package}.provider").PROVIDER)


def load_lab(name: str) -> Lab:
    """The lab of a cloud. Raises KeyError for a name not in CLOUDS, ModuleNotFoundError where a package is missing."""
    return cast(Lab, import_module(CLOUDS[name].lab))


class Dialects(Mapping[str, "Dialect"]):
    """What each cloud adds to the deployment file; a cloud that a file does not name is not imported for it."""

    def __getitem__(self, name: str) -> Dialect:
        return load(name).dialect

    def __iter__(self) -> Iterator[str]:
        return iter(CLOUDS)

    def __len__(self) -> int:
        return len(CLOUDS)
