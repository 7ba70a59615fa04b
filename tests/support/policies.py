"""Policies and deployments made by hand, and strategies that draw them, for tests that need no catalogue file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis import strategies as st

from esacloud.catalogue.model import EVERY_PORT, Catalogue, Entry, Role, Text
from esacloud.deployment.model import CloudSettings, Deployment, Interface, Reference, SelfReference
from esacloud.errors import Place
from esacloud.packets.addresses import ANY_IPV4, ANY_IPV6, Network, Version, parse_network
from esacloud.policy.merging import canonical
from esacloud.policy.model import Flow, Policy

FILE = Place("gateway.yaml", 1, 1)
GROUP = "sg-0123456789abcdef0"
VERSIONS: dict[str, Version] = {"4": 4, "6": 6}


def remote(text: str) -> Network | Reference | SelfReference:
    """`10.0.0.0/8`, `self`, `sg-...`, `pl-...` or `pl-...:20` or `pl-...:20:4`: a prefix list with size and family."""
    if text == "self":
        return SelfReference()
    if text.startswith("sg-"):
        return Reference("aws", "security_group", text)
    if text.startswith("pl-"):
        name, *rest = text.split(":")
        version = VERSIONS[rest[1]] if len(rest) > 1 else None
        return Reference("aws", "prefix_list", name, int(rest[0]) if rest else 1, version)
    return parse_network(text)


def flow(text: str, interface: str = "data1", rows: tuple[int, ...] = (1,), **more: object) -> Flow:
    """A flow from a line: `tcp/25 ingress 10.0.0.0/8`, `udp/53-60 egress self`, `all egress sg-...`."""
    message, direction, where = text.split()
    transport, slash, ports = message.partition("/")
    first, _, last = ports.partition("-")
    fields = {
        "interface": interface,
        "direction": direction,
        "transport": transport,
        "ports": (int(first), int(last or first)) if slash else EVERY_PORT,
        "source_ports": EVERY_PORT,
        "remote": remote(where),
        "entries": tuple(f"row-{row}" for row in rows),
        "rows": rows,
        "peers": ("somebody",),
    }
    return Flow(**{**fields, **more})  # type: ignore[arg-type]


def policy(flows: Iterable[Flow], interfaces: tuple[str, ...] = ("data1",), name: str = "mail-edge-1") -> Policy:
    order = {interface: number for number, interface in enumerate(interfaces)}
    ordered = tuple(sorted(flows, key=lambda flow: (order[flow.interface], canonical(flow))))
    return Policy(name, "aws", interfaces, ordered, uncovered=())


def catalogue(outside: Iterable[str] = ()) -> Catalogue:
    """An empty catalogue but for entries that the port table lacks."""
    entries = tuple(
        Entry(
            id=name,
            feature="mail",
            rows=(),
            transports=("tcp",),
            ports=((1, 1),),
            source_ports=EVERY_PORT,
            documented=None,
            direction="egress",
            role="somebody",
            hostnames=(),
            networks=(),
            purpose=Text("", ""),
            when={},
            releases=(None, None),
            errata=(),
            source="a release note",
        )
        for name in outside
    )
    return Catalogue(
        name="gateway",
        title=Text("Gateway", "网关"),
        edition="1",
        source="",
        release_key="release",
        releases=((1, 0),),
        interfaces={},
        features={},
        roles={"somebody": Role("somebody", Text("", ""), None, "10.0.0.0/8")},
        entries=entries,
        rows=(),
        checklist=(),
        digest="0" * 64,
    )


def deployment(
    interfaces: tuple[str, ...] = ("data1",),
    quotas: Mapping[str, int] | None = None,
    tags: Mapping[str, str] | None = None,
    outside: Iterable[str] = (),
    **more: object,
) -> Deployment:
    fields = {
        "name": "mail-edge-1",
        "catalogue": catalogue(outside),
        "release": (1, 0),
        "clouds": {"aws": CloudSettings("aws", {}, tags or {}, quotas or {}, Place("gateway.yaml", 3, 3, "cloud.aws"))},
        "interfaces": tuple(
            Interface(name, (), Place("gateway.yaml", 10 + number, 3, f"interfaces.{name}"))
            for number, name in enumerate(interfaces)
        ),
        "peers": {},
        "hostnames": None,
        "versions": (4, 6),
        "as_printed": (),
        "wider": (),
        "waivers": (),
        "digest": "0" * 64,
        "place": FILE,
    }
    return Deployment(**{**fields, **more})  # type: ignore[arg-type]


def networks() -> st.SearchStrategy[Network]:
    """Networks close together, so that they often touch, nest and are equal."""

    def near(version: int, prefix: int, number: int) -> Network:
        bits = 32 if version == 4 else 128
        base = 10 << 24 if version == 4 else 0x20010DB8 << 96
        return Network(version, base + (number >> (bits - prefix) << (bits - prefix)), prefix)  # type: ignore[arg-type]

    of_4 = st.builds(near, st.just(4), st.sampled_from([32, 32, 31, 30, 28]), st.integers(0, 31))
    of_6 = st.builds(near, st.just(6), st.sampled_from([128, 128, 127, 125]), st.integers(0, 15))
    everything = st.sampled_from([ANY_IPV4, ANY_IPV6])
    return of_4 | of_4 | of_4 | of_6 | of_6 | everything


def remotes() -> st.SearchStrategy[Network | Reference | SelfReference]:
    references = st.sampled_from(["self", GROUP, "sg-00000000", "pl-00000001:3:4", "pl-00000002:2:6", "pl-00000003:2"])
    return networks() | networks() | references.map(remote)


@st.composite
def flows(draw: st.DrawFn, interfaces: tuple[str, ...] = ("data1",), source_ports: bool = False) -> Flow:
    transport = draw(st.sampled_from(["tcp", "tcp", "tcp", "udp", "icmp", "all"]))
    low, more = draw(st.tuples(st.integers(0, 8), st.integers(0, 3)))
    row = draw(st.integers(1, 48))
    return Flow(
        interface=draw(st.sampled_from(interfaces)),
        direction=draw(st.sampled_from(["ingress", "egress"])),
        transport=transport,  # type: ignore[arg-type]
        ports=(low, low + more) if transport in ("tcp", "udp") else EVERY_PORT,
        source_ports=draw(st.sampled_from([EVERY_PORT, (20, 20), (10, 30)])) if source_ports else EVERY_PORT,
        remote=draw(remotes()),
        entries=(f"row-{row}",),
        rows=(row,),
        peers=("somebody",),
    )
