"""Security groups made by hand or drawn at random, in EC2's own words, and the documents of their module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from esacloud.aws.descriptions import ALLOWED_WITH_REFERENCES
from esacloud.aws.model import SecurityGroup, SecurityGroupRule, SecurityGroups
from esacloud.aws.terraform import write as terraform
from esacloud.packets.addresses import Network

INTERFACES = ("management", "data1")
VPC = "vpc-0a1b2c3d4e5f60718"
TEXTS = st.text(sorted(ALLOWED_WITH_REFERENCES), min_size=1, max_size=40) | st.sampled_from(
    ["${path.module}", "$${}", "$$${x", "a }, b", "}, {", "#{}", "$", "["]
)
_REFERENCES = (
    ("prefix_list_id", "pl-0123456789abcdef0"),
    ("prefix_list_id", "pl-00000001"),
    ("referenced_security_group_id", "sg-0123456789abcdef0"),
    ("referenced_security_group_id", "123456789012/sg-00000002"),
    ("self", ""),
)


def rule(
    ports: str, source: str, direction: str = "ingress", key: str | None = None, description: str = "row 1: thing"
) -> SecurityGroupRule:
    """`tcp/25`, `udp/53-60`, `icmp/8.0`, `icmp`, `-1`, from `10.0.0.0/8`, `pl-...`, `sg-...` or `self`."""
    protocol, slash, numbers = ports.partition("/")
    if protocol.startswith("icmp"):
        kind, _, code = numbers.partition(".")
        first, last = (int(kind), int(code)) if slash else (-1, -1)
    else:
        first, _, last = numbers.partition("-")  # type: ignore[assignment]
        first, last = (int(first), int(last or first)) if slash else (None, None)  # type: ignore[assignment]
    kinds = {"sg": "referenced_security_group_id", "pl": "prefix_list_id"}
    kind = kinds.get(source[:2]) or ("cidr_ipv6" if ":" in source else "cidr_ipv4") if source != "self" else "self"
    return SecurityGroupRule(
        direction=direction,  # type: ignore[arg-type]
        ip_protocol=protocol,
        from_port=first,
        to_port=last,
        source_kind=kind,  # type: ignore[arg-type]
        source="" if source == "self" else source,
        description=description,
        rows=(1,),
        entries=("thing",),
        size=1,
        key=key or f"data1/{ports.replace('/', '-')}-from-{source}",
    )


def groups(*rules: SecurityGroupRule, interface: str = "data1") -> SecurityGroups:
    """One group that holds the rules."""
    return SecurityGroups((SecurityGroup(interface, interface, f"Interface {interface}", rules),), {}, (), {})


def documents(made: SecurityGroups, deployment: str = "edge") -> dict[str, Mapping[str, Any]]:
    """The module's documents, without a deployment file."""
    return {
        terraform.MAIN: terraform.main_document(deployment, made.tags, terraform.tables(made)),
        terraform.VARIABLES: terraform.variables_document(VPC, f"{deployment}-"),
        terraform.OUTPUTS: terraform.OUTPUTS_DOCUMENT,
        terraform.VERSIONS: terraform.VERSIONS_DOCUMENT,
    }


def _network(version: int, prefix: int, number: int) -> tuple[str, str]:
    bits = 32 if version == 4 else 128
    return f"cidr_ipv{version}", str(Network(version, number >> (bits - prefix) << (bits - prefix), prefix))  # type: ignore[arg-type]


_SOURCES = (
    st.builds(_network, st.just(4), st.integers(0, 32), st.integers(0, (1 << 32) - 1))
    | st.builds(_network, st.just(6), st.integers(0, 128), st.integers(0, (1 << 128) - 1))
    | st.sampled_from(_REFERENCES)
)
_PORTS = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda ends: (min(ends), max(ends)))
_TYPES = st.tuples(st.integers(0, 255), st.integers(-1, 255)) | st.just((-1, -1))
_SERVICES = (
    st.tuples(st.sampled_from(["tcp", "udp"]), _PORTS)
    | st.tuples(st.sampled_from(["icmp", "icmpv6"]), _TYPES)
    | st.just(("-1", (None, None)))
)


@st.composite
def security_groups(draw: st.DrawFn) -> SecurityGroups:
    """Up to four groups at two interfaces, with up to eight rules each, no two equal ones in one group."""
    made = []
    for number in range(draw(st.integers(1, 4))):
        interface = INTERFACES[number % 2]
        contents = draw(
            st.lists(
                st.tuples(st.sampled_from(["ingress", "egress"]), _SERVICES, _SOURCES, TEXTS),
                max_size=8,
                unique_by=lambda c: c[:3],
            )
        )
        rules = tuple(
            SecurityGroupRule(
                direction,  # type: ignore[arg-type]
                protocol,
                ports[0],
                ports[1],
                kind,  # type: ignore[arg-type]
                source,
                description,
                (1, position),
                ("thing",),
                1,
                f"{interface}/{number}-{position}",
            )
            for position, (direction, (protocol, ports), (kind, source), description) in enumerate(contents)
        )
        name = interface if number < 2 else f"{interface}-2"
        made.append(SecurityGroup(name, interface, f"Interface {interface}", rules))
    return SecurityGroups(tuple(made), draw(st.dictionaries(TEXTS, TEXTS, max_size=2)), (), {})
