"""A deployment file as immutable values. `read.py` makes a `Deployment` from a file and a catalogue.

A cloud's `Dialect` describes its settings and its kinds of references, so that this package depends on no cloud.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from esacloud.catalogue.model import Catalogue, Release
from esacloud.errors import Place, Problem
from esacloud.packets.addresses import Network, Version


@dataclass(frozen=True, slots=True)
class AnyAddress:
    """`any`: every address of the families in use."""


@dataclass(frozen=True, slots=True)
class Hostname:
    """A DNS name, lower case, without a trailing dot."""

    name: str


@dataclass(frozen=True, slots=True)
class SelfReference:
    """`self`: the other members of the same group."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference that only the cloud can resolve: a security group, a prefix list, a service tag.

    `kind` is a reference kind of its cloud; `size` is the number of rules that it counts against a quota (a prefix list:
    its maximum entries); `version` is its address family if it has one.
    """

    cloud: str
    kind: str
    id: str
    size: int = 1
    version: Version | None = None


HostnameMode = Literal["open", "pinned", "filtered"]

Remote = Network | AnyAddress | Hostname | SelfReference | Reference


@dataclass(frozen=True, slots=True)
class PeerItem:
    """One item of a peer, for one cloud or for all (None). A reference always has its cloud."""

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
    """A feature of an interface with all its settings, and peers for this use alone."""

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
    """A finding of a guardrail that the user accepts until a day (YYYY-MM-DD)."""

    code: str
    peer: str
    reason: str
    until: str
    place: Place


@dataclass(frozen=True, slots=True)
class CloudSettings:
    """The settings under `cloud.<name>`, checked by the cloud's dialect.

    `quotas` overrides the cloud's limits by name. `interfaces` is for `plan` and `apply`: interface -> key -> ids of what
    its groups are attached to, or of the existing group to adopt.
    """

    name: str
    values: Mapping[str, str]
    tags: Mapping[str, str]
    quotas: Mapping[str, int]
    place: Place
    interfaces: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pinned:
    """The lock file of a deployment file: host name -> its addresses, ascending.

    `file` is the lock's path; `resolved` is when the names were last looked up, in UTC, as 2026-11-24T03:00:00Z.
    """

    file: str
    resolved: str
    addresses: Mapping[str, tuple[Network, ...]]


@dataclass(frozen=True, slots=True)
class Deployment:
    """A whole deployment file. `digest` is the SHA-256 of its content, without comments and order.

    - `hostnames`: the mode of host names, None without one. `hostnames_of`: the modes of single features, which come first.
    - `versions`: the address families in use.
    - `as_printed`: ids of entries whose printed inbound half is opened.
    - `wider`: ids of entries that may be wider where a cloud cannot match them exactly.
    - `own_networks`: the gateway's own subnets.
    - `firewall`: where packets to filtered host names go.
    - `pinned`: the lock file, if one is needed and exists.
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
        """The mode of a feature's host names, None without one."""
        return self.hostnames_of.get(feature, self.hostnames)

    def uses(self, mode: HostnameMode) -> bool:
        """Whether any feature has this mode."""
        return mode == self.hostnames or mode in self.hostnames_of.values()


@dataclass(frozen=True, slots=True)
class SettingKey:
    """A key under `cloud.<name>`.

    `check` returns None for a valid text, else (what is wrong, what to write instead). `pattern` is the same rule as a
    regular expression of JSON Schema. `unquoted`: whether true and false need no quotes.
    """

    title: str
    required: bool
    pattern: str
    check: Callable[[str], tuple[str, str] | None]
    unquoted: bool = False

    @classmethod
    def matching(cls, title: str, pattern: str, noun: str, hint: str, *, required: bool = False) -> SettingKey:
        """A key whose text is valid exactly when all of it matches the pattern; `noun` names a valid text."""

        def check(text: str) -> tuple[str, str] | None:
            return None if re.fullmatch(pattern, text) else (f"{text!r} is not {noun}.", hint)

        return cls(title, required, pattern, check)


@dataclass(frozen=True, slots=True)
class InterfaceKey:
    """A key under `cloud.<name>.interfaces.<interface>`: an id, or a list of ids with `many`."""

    setting: SettingKey
    many: bool


@dataclass(frozen=True, slots=True)
class ReferenceKind:
    """A kind of reference that a peer may hold, written `{<kind>: <id>, ...}` in the file.

    - `pattern`: the form of an id (a regular expression of JSON Schema).
    - `shorthand`: the form of ids that may stand bare in a list (`sg-0123456789abcdef0`), if any.
    - `size_key`: the required key of its size (`max_entries`); None where its size is 1. `sizes`: the least and the
      greatest.
    - `has_version`: whether it may have the key `family`.
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
    """The rules of a cloud for tags: how many at most, and the form of keys and values."""

    most: int
    key: SettingKey
    value: SettingKey


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a cloud adds to the deployment file, and what its rules can match.

    - `quotas`: the limits that a file may override, name -> (default, lowest, highest).
    - `matches_source_ports`: whether a rule can match source ports.
    - `check_quotas` takes all quotas and returns None for a valid combination, else (what is wrong, what to write instead).
    - `interface_settings`: the keys under `cloud.<name>.interfaces.<interface>`.
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


Dialects = Mapping[str, Dialect]
"""All clouds that there are; each is looked up only when it is needed."""
