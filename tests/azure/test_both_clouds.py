"""One deployment on both clouds: the modules permit the same packets, and prove it by their own text."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from support.azure import PLACE, SETTINGS, distinct
from support.policies import deployment, flows, policy

from esacloud.aws.provider import PROVIDER as aws
from esacloud.azure.provider import PROVIDER as azure
from esacloud.deployment.model import CloudSettings, Reference
from esacloud.deployment.read import read
from esacloud.packets.sets import PacketSet
from esacloud.policy.compile import compile_policy
from esacloud.policy.model import Flow

CLOUDS = {"aws": aws, "azure": azure}
EXAMPLE = Path(__file__).parents[2] / "examples" / "both-clouds.yaml"
BOTH = deployment(
    clouds={"aws": CloudSettings("aws", {}, {}, {}, PLACE), "azure": CloudSettings("azure", SETTINGS, {}, {}, PLACE)}
)


def sayable_on_both(flow: Flow) -> bool:
    """Networks and `self`, and no ICMP, which Azure knows for IPv4 alone."""
    return not isinstance(flow.remote, Reference) and flow.transport != "icmp"


@given(st.lists(flows().filter(sayable_on_both), max_size=12))
def test_the_modules_of_one_policy_permit_the_same_packets_on_both_clouds(drawn: list[Flow]) -> None:
    made = policy(distinct(drawn))
    found = {}
    for name, cloud in CLOUDS.items():
        back = cloud.read_back(cloud.documents(cloud.lower(made, BOTH), BOTH))
        assert back.deviations == ()
        found[name] = back.packets
    assert found["aws"] == found["azure"]


def test_the_example_differs_only_where_its_peers_say_different_things_to_each_cloud() -> None:
    file = read(str(EXAMPLE), {name: cloud.dialect for name, cloud in CLOUDS.items()})
    found = {}
    for name, cloud in CLOUDS.items():
        lowered = cloud.lower(compile_policy(file, cloud.dialect), file)
        found[name] = cloud.read_back(cloud.documents(lowered, file)).packets
    for interface in ("management", "data1"):
        on_aws, on_azure = found["aws"][interface], found["azure"][interface]
        assert without_references(on_aws) == without_references(on_azure)
    assert named(found["aws"]["management"]) == {"security_group:sg-0123456789abcdef0"}
    assert named(found["azure"]["management"]) == {"application_security_group:asg-jump-hosts", "service_tag:AzureMonitor"}


def named(packets: PacketSet) -> set[str]:
    return {address_space for address_space in packets.address_spaces() if ":" in address_space}


def without_references(packets: PacketSet) -> PacketSet:
    return PacketSet.of(box for box in packets.boxes() if ":" not in box.address_space)
