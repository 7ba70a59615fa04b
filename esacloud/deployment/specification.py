"""The keys of the deployment file, each declared once.

`reader.py` reads files by these declarations; the JSON Schema and the tables of docs/deployment-file.md are made from them.

What only a cloud knows comes from its `Dialect`, what only an appliance knows from its `Catalogue`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from esacloud.catalogue.model import Catalogue, Feature
from esacloud.deployment import names
from esacloud.deployment.model import Dialect, ReferenceKind, SettingKey, TagKeys
from esacloud.errors import one_of
from esacloud.packets.addresses import Version

Type = Literal[
    "text",  # one text that `check` accepts
    "line",  # one line of text for people, of at most `longest` characters
    "word",  # one of `words`
    "words",  # a list of `words`, each once
    "number",  # a whole number within `bounds`
    "networks",  # a list of networks
    "texts",  # a list of texts that `check` accepts, each once
    "mapping",  # a mapping with `keys`
    "mappings",  # a list of mappings with `keys`
    # Types that a module of their own reads:
    "clouds", "tags", "interfaces", "features", "peers", "peer", "hostname modes",
]  # fmt: skip

FAMILIES: dict[str, Version] = {"ipv4": 4, "ipv6": 6}
HOSTNAME_MODES: dict[str, str] = {
    "open": "Opens the ports to any address.",
    "pinned": "Opens the ports to the addresses in the lock file that `esacloud resolve` writes.",
    "filtered": "Opens the ports towards a firewall that matches host names; the module contains the firewall's rules.",
}
ANY_OR_SELF = {"any": "Every address of the families in use.", "self": "The other members of the same security group."}
DEFAULT_MODE = "default"
RANGES = "ranges"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what a value of it looks like, and what a person reads about it.

    - `title` completes the sentences "Add …" and "Write …"; with `example` it makes the hint, unless `hint` is given.
    - `description` is what an editor shows and the page says, if it is not the title.
    - `pattern`: a regular expression of JSON Schema that accepts at least what `check` accepts; `check` says why not.
    - `unquoted`: whether a number, `true` or `false` is accepted as a text.
    - `noun`: what its words, or the keys of its mapping, are called in messages.
    """

    name: str
    type: Type
    title: str
    example: str = ""
    description: str = ""
    required: bool = False
    default: str = ""
    hint: str = ""
    pattern: str = ""
    check: Callable[[str], names.Refusal | None] | None = None
    unquoted: bool = False
    longest: int = 200
    bounds: tuple[int, int] = (0, 0)
    words: Mapping[str, str] | None = None
    noun: str = "key"
    keys: tuple[Key, ...] = ()
    at_least_one: bool = False
    tags: TagKeys | None = None

    def about(self) -> str:
        """The description, as a sentence."""
        return self.description or f"{self.title[:1].upper()}{self.title[1:]}."

    def instead(self) -> str:
        """The hint for a value that cannot be used."""
        return self.hint or f"Write {self.title}{f', as {self.example}' if self.example else ''}."

    def missing(self) -> str:
        """The hint for a key that is not there."""
        return self.hint or f"Add {self.title}{f', as {self.name}: {self.example}' if self.example else ''}."


_FAMILY_WORDS = {"ipv4": "IPv4.", "ipv6": "IPv6."}
NOTE = Key("note", "line", "a short description of the item", "head office")
FAMILY = Key("family", "word", "the address family of the item", "ipv6", words=_FAMILY_WORDS, noun="family")
MODE = Key("hostnames", "word", "a hostname mode", words=HOSTNAME_MODES, noun="hostname mode")
NETWORK_KEYS = (
    Key("network", "text", "a network or an address", "10.0.0.0/24", required=True, pattern=names.NETWORK),
    NOTE,
)
HOSTNAME_KEYS = (
    Key("hostname", "text", "a full host name", "ntp.example.com", required=True, pattern=names.HOSTNAME),
    NOTE,
)
RANGES_KEYS = (
    Key(RANGES, "line", "the path of a file of published ranges, relative to this file", "ip-ranges.json", required=True),
    Key("service", "line", "the service as the file spells it", "EC2", required=True),
    Key("region", "line", "the region as the file spells it", "eu-central-1"),
    NOTE,
)
WAIVER_KEYS = (
    Key("code", "text", "the code of the finding", "ESA003", "", True, pattern=names.WAIVER_CODE, check=names.code_refusal),
    Key("peer", "line", "the network or peer of the finding", "any", "", True, check=names.peer_refusal, longest=253),
    Key("reason", "line", "why you accept the finding", "migration", required=True, longest=500),
    Key(
        "until", "text", "the last day of the waiver", "2027-03-31", "", True, pattern=names.DATE, check=names.date_refusal
    ),
)


def root_keys(catalogue: Catalogue, clouds: Collection[str]) -> tuple[Key, ...]:
    """The keys of a file, in the order in which a person writes them."""
    releases = names.known_releases(catalogue)
    entries = {entry.id: entry.purpose.en for entry in catalogue.entries}

    def prints_no_half(entry: str) -> names.Refusal | None:
        if catalogue.of_id[entry].prints_inbound:
            return None
        printed = one_of([each.id for each in catalogue.entries if each.prints_inbound])
        return f"The table prints no inbound half of {entry} that is left out.", f"Remove it, or write {printed}."

    return (
        Key(
            "name", "text", "a name for this gateway", "mail-edge-1",
            "The name of this gateway: 1 to 63 lowercase letters, digits and hyphens, starting with a letter. The names of "
            "resources contain it.",
            required=True, pattern=names.NAME, check=names.name_refusal,
        ),
        Key(
            catalogue.release_key, "text", "the release of the appliance", f'"{releases[-1]}"',
            "The release of the appliance, in quotes. A patch release, as 15.5.3 or 15.5.1-055, counts as its family. The "
            "catalogue names this key.",
            required=True, unquoted=True, words=dict.fromkeys(releases, ""), pattern=names.release_pattern(releases),
            check=lambda text: names.release_refusal(text, catalogue),
        ),
        Key("catalogue", "text", "the path of another appliance's catalogue, relative to this file"),
        Key(
            "cloud", "clouds", "one or more clouds to make rules for, each with its settings",
            required=True, hint=f"Add `cloud:` with {one_of(sorted(clouds))} under it.",
        ),
        Key(
            "interfaces", "interfaces", "which features each network interface serves", required=True,
            hint=f"Add `interfaces:` with {one_of(tuple(catalogue.interfaces))} and the features that it serves.",
        ),
        Key("peers", "peers", "who plays which role, for every feature"),
        Key(
            "families", "words", "the address families in use", "[ipv4]",
            "The address families in use: what `any` means, and which networks the file may contain. Default: both.",
            words=_FAMILY_WORDS, noun="family", at_least_one=True,
        ),
        Key(
            "hostnames", "hostname modes", "a hostname mode", "pinned",
            "How host names become addresses: `open`, `pinned` or `filtered`, for all features or for each. Without it, a "
            "feature with host names needs networks.",
            hint=f"Write {one_of(tuple(HOSTNAME_MODES))}, or a mapping as {{{DEFAULT_MODE}: pinned, mail: open}}.",
        ),
        Key("firewall", "peer", "for `filtered`: where packets to host names go, as the items of a peer"),
        Key(
            "own_networks", "networks", "the gateway's own subnets", "[10.0.0.0/24]",
            "The gateway's own subnets, so that a peer that contains them by accident is found.",
        ),
        Key(
            "as_printed", "words", "entries", "[ntp]",
            "Entries whose inbound half is opened because the vendor's table prints it, although a stateful filter needs "
            "none.",
            words=entries, noun="entry", check=prints_no_half,
        ),
        Key(
            "wider", "words", "entries", "[ftp-client-data-active]",
            "Entries that may be opened wider where a cloud cannot match them exactly.",
            words=entries, noun="entry",
        ),
        Key(
            "waivers", "mappings", "findings of guardrails that you accept", keys=WAIVER_KEYS,
            hint=f"Write `- {{{', '.join(f'{key.name}: …' for key in WAIVER_KEYS)}}}`.",
        ),
    )  # fmt: skip


def cloud_keys(dialect: Dialect, interfaces: tuple[str, ...] = ()) -> Iterator[Key]:
    """The keys under `cloud.<name>`. `interfaces` are the names of the appliance's interfaces."""
    for name, setting in dialect.settings.items():
        yield _of_setting(name, "text", setting, dialect.example.get(name, ""))
    if dialect.tags:
        yield Key("tags", "tags", "tags of every resource", "{team: messaging}", tags=dialect.tags)
    quotas = tuple(
        Key(name, "number", f"from {low:,} to {high:,}; default {default:,}", bounds=(low, high))
        for name, (default, low, high) in dialect.quotas.items()
    )
    title = f"quotas of this account, where they differ from the defaults of {dialect.title}"
    yield Key("quotas", "mapping", title, noun="quota", keys=quotas)
    if dialect.interface_settings:
        ids = tuple(
            _of_setting(name, "texts" if key.many else "text", key.setting)
            for name, key in dialect.interface_settings.items()
        )
        each = tuple(
            Key(name, "mapping", "what the groups of this interface are attached to", keys=ids) for name in interfaces
        )
        title = "for `plan` and `apply`: what the groups of each interface are attached to"
        yield Key("interfaces", "mapping", title, noun="interface", keys=each)


def _of_setting(name: str, kind: Literal["text", "texts"], setting: SettingKey, example: str = "") -> Key:
    required, pattern, check, unquoted = setting.required, setting.pattern, setting.check, setting.unquoted
    return Key(name, kind, setting.title, example, "", required, pattern=pattern, check=check, unquoted=unquoted)


def feature_keys(feature: Feature) -> Iterator[Key]:
    """The keys under a feature: its settings, and peers for this use of it alone."""
    for name, setting in feature.settings.items():
        words, noun, default = dict.fromkeys(setting.choices, ""), f"{name} of {feature.name}", setting.default
        yield Key(name, "word", setting.title.en, "", "", default is None, default or "", words=words, noun=noun)
    yield Key("peers", "peers", "peers for this use of the feature alone")


def reference_keys(kind: ReferenceKind) -> Iterator[Key]:
    """The keys of an item that is a reference of this kind."""
    yield Key(kind.kind, "text", kind.title, kind.example, required=True, pattern=kind.pattern)
    if kind.size_key:
        low, high = kind.sizes
        hint = f"Write it next to the {kind.kind}: the maximum number of entries, {low} to {high:,}."
        title = "the maximum number of entries that it may hold"
        yield Key(kind.size_key, "number", title, "20", required=True, hint=hint, bounds=kind.sizes)
    if kind.has_version:
        yield FAMILY
    yield NOTE
