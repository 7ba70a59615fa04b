"""One gateway's surroundings as its user describes them, read and checked: immutable values, no trace of YAML.

`read.py` makes a `Deployment` from a file and a catalogue. What a cloud alone understands (its settings, its kinds of
references) is described by that cloud's `Dialect`, so that this room knows no cloud.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from esacloud.catalogue.model import Catalogue, Release
from esacloud.errors import Place, Problem
from esacloud.packets.addresses import Network, Version


@dataclass(frozen=True, slots=True)
class AnyAddress:
    """`any`: every address of every family that the deployment uses."""


@dataclass(frozen=True, slots=True)
class Hostname:
    """A DNS name, lower case, without a trailing dot."""

    name: str


@dataclass(frozen=True, slots=True)
class SelfReference:
    """`self`: the other members that carry the same group."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that only the cloud can resolve: a security group, a prefix list, a service tag.

    `kind` is one of its cloud's reference kinds; `size` is how many rules it counts as against a quota (a prefix list: its
    maximum entries); `version` is its address family where it has one.
    """

    cloud: str
    kind: str
    id: str
    size: int = 1
    version: Version | None = None


HostnameMode = Literal["open", "pinned", "filtered"]  # how a host name gets into rules that can hold none

Remote = Network | AnyAddress | Hostname | SelfReference | Reference


@dataclass(frozen=True, slots=True)
class PeerItem:
    """One line of a peer: what it is, for which cloud alone (None: for all), where it stands, and what the user says of it.

    A reference always has its cloud.
    """

    remote: Remote
    cloud: str | None
    place: Place
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """Who plays a role: one or more items."""

    role: str
    items: tuple[PeerItem, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class FeatureUse:
    """A feature switched on at an interface, all its settings filled in, and peers that hold for this use alone."""

    feature: str
    settings: Mapping[str, str]
    peers: Mapping[str, Peer]
    place: Place


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of the gateway, and what it serves."""

    name: str
    features: tuple[FeatureUse, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Waiver:
    """A guardrail's finding that the user accepts: its code, for which peer, why, and until which day (YYYY-MM-DD)."""

    code: str
    peer: str
    reason: str
    until: str
    place: Place


@dataclass(frozen=True, slots=True)
class CloudSettings:
    """What the file says under `cloud.<name>`: plain keys and values that the cloud's dialect has checked.

    `quotas` overrides the cloud's limits by name. `interfaces` says, for a live cloud, what an interface's groups are
    attached to and which existing group is taken over: interface -> key -> ids.
    """

    name: str
    values: Mapping[str, str]
    tags: Mapping[str, str]
    quotas: Mapping[str, int]
    place: Place
    interfaces: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pinned:
    """What the lock file beside a deployment file says: host name -> its addresses, ascending.

    `file` is the lock's path; `resolved` is when the names were last looked up, in UTC, as 2026-11-24T03:00:00Z.
    """

    file: str
    resolved: str
    addresses: Mapping[str, tuple[Network, ...]]


@dataclass(frozen=True, slots=True)
class Deployment:
    """A whole deployment file. `digest` is the SHA-256 of its content in canonical form: comments and order do not count.

    - `hostnames`: how host names become addresses; None where the file does not say. `hostnames_of` says it for single
      features and comes before it.
    - `versions`: the address families that `any` stands for.
    - `as_printed`: ids of entries whose printed inbound half is asked for.
    - `wider`: ids of entries that may be opened wider than the policy where a cloud cannot say it exactly.
    - `own_networks`: the gateway's own subnets, where the file says so; only a guardrail looks at them.
    - `firewall`: where packets to host names go that a firewall matches (`filtered`); None where the file does not say.
    - `pinned`: the lock file, where one is needed and there.
    - `warnings`: problems that do not stop the work.
    """

    name: str
    catalogue: Catalogue
    release: Release
    clouds: Mapping[str, CloudSettings]
    interfaces: tuple[Interface, ...]
    peers: Mapping[str, Peer]
    hostnames: HostnameMode | None
    versions: tuple[Version, ...]
    as_printed: tuple[str, ...]
    wider: tuple[str, ...]
    waivers: tuple[Waiver, ...]
    digest: str
    place: Place
    warnings: tuple[Problem, ...] = ()
    own_networks: tuple[Network, ...] = ()
    hostnames_of: Mapping[str, HostnameMode] = field(default_factory=dict)
    firewall: Peer | None = None
    pinned: Pinned | None = None

    def mode_of(self, feature: str) -> HostnameMode | None:
        """How the host names of a feature become addresses; None where the file does not say."""
        return self.hostnames_of.get(feature, self.hostnames)

    def uses(self, way: HostnameMode) -> bool:
        """Whether the file asks for this way for any feature."""
        return way == self.hostnames or way in self.hostnames_of.values()


@dataclass(frozen=True, slots=True)
class SettingKey:
    """A key under `cloud.<name>`.

    `check` takes the text and returns None when it is right, or (what is wrong, what to write instead).
    `pattern` is the same rule for editors, a regular expression of JSON Schema. `unquoted`: whether true and false are
    answers to it, which then need no quotes.
    """

    title: str
    required: bool
    pattern: str
    check: Callable[[str], tuple[str, str] | None]
    unquoted: bool = False


@dataclass(frozen=True, slots=True)
class InterfaceKey:
    """A key under `cloud.<name>.interfaces.<interface>`: an id, or a list of ids with `many`."""

    setting: SettingKey
    many: bool


@dataclass(frozen=True, slots=True)
class ReferenceKind:
    """A kind of reference that a peer may hold, written `{<kind>: <id>, ...}` in the file.

    - `pattern`: what an id looks like, the whole of it (JSON Schema regular expression).
    - `shorthand`: a regular expression for ids that may stand bare in a list (`sg-0123456789abcdef0`); None for none.
    - `size_key`: the key that gives its size, which the user must then write (`max_entries`); None where its size is 1.
    - `has_version`: whether `family: ipv4|ipv6` may stand beside it.
    - `sizes`: the least and the greatest size.
    - `example`: an id that a message can show.
    """

    kind: str
    title: str
    pattern: str
    shorthand: str | None = None
    size_key: str | None = None
    has_version: bool = False
    sizes: tuple[int, int] = (1, 1)
    example: str = ""


@dataclass(frozen=True, slots=True)
class TagKeys:
    """What a cloud takes as tags of its resources: how many at most, and what a key and a value may be."""

    most: int
    key: SettingKey
    value: SettingKey


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a cloud adds to the deployment file, and what it can say in a rule.

    `quotas`: the limits that a file may override, name -> (default, lowest, highest).
    `matches_source_ports`: False where a rule cannot tell packets apart by their source port.
    `tags` is None where the cloud has none. `check_quotas` takes all quotas, overrides filled in, and returns None when
    they can hold together, or (what is wrong, what to write instead). `interface_settings` are the keys that
    `cloud.<name>.interfaces.<interface>` may hold.
    """

    cloud: str
    title: str
    settings: Mapping[str, SettingKey]
    references: tuple[ReferenceKind, ...]
    quotas: Mapping[str, tuple[int, int, int]]
    matches_source_ports: bool
    example: Mapping[str, str] = field(default_factory=dict)
    tags: TagKeys | None = None
    check_quotas: Callable[[Mapping[str, int]], tuple[str, str] | None] | None = None
    interface_settings: Mapping[str, InterfaceKey] = field(default_factory=dict)
