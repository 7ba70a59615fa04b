"""Host names that a firewall matches: what the rules open, what the module holds, what is found when it is edited."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.deployments import made

from esacloud import workflow
from esacloud.aws.provider import PROVIDER as aws
from esacloud.azure.provider import PROVIDER as azure
from esacloud.deployment.model import Deployment, Reference
from esacloud.deployment.read import read
from esacloud.errors import InputError
from esacloud.packets.addresses import Network
from esacloud.packets.sets import EVERY_PORT, IPV4, TCP, UDP, Box, PacketSet
from esacloud.policy.compile import compile_policy
from esacloud.policy.filtered import FilteredName, filtered_names, name_differences
from esacloud.policy.model import Policy
from esacloud.provider import Provider

EXAMPLES = Path(__file__).parents[2] / "examples" / "hostnames"
DIALECTS = {"aws": aws.dialect, "azure": azure.dialect}
CLOUDS: dict[str, Any] = {"aws": aws, "azure": azure}
WHOLE = {
    "interfaces": {"management": ["dns", {"updates": {"hosts": "dynamic"}}]},
    "hostnames": "filtered",
    "firewall": "any",
    "own_networks": ["10.0.10.0/24"],
}


def policy(**parts: Any) -> Policy:
    return compile_policy(made(**{**WHOLE, **parts}), aws.dialect)


def refusal(**parts: Any) -> str:
    with pytest.raises(InputError) as error:
        aws.lower(policy(**parts), made(**{**WHOLE, **parts}))
    return str(error.value)


def test_a_firewall_in_the_route_leaves_the_ports_open_to_any_and_keeps_the_names() -> None:
    flows = [flow for flow in policy(families=["ipv4"]).flows if flow.filtered]
    assert {(flow.ports, str(flow.remote)) for flow in flows} == {((80, 80), "0.0.0.0/0"), ((443, 443), "0.0.0.0/0")}
    assert filtered_names(policy()) == {
        FilteredName("tcp", (80, 80), "downloads.ironport.com"),
        FilteredName("tcp", (80, 80), "updates.ironport.com"),
        FilteredName("tcp", (443, 443), "res.cisco.com"),
        FilteredName("tcp", (443, 443), "update-manifests.sco.cisco.com"),
    }


def test_a_proxy_gets_the_ports_and_nobody_else() -> None:
    remotes = {flow.remote for flow in policy(firewall=["10.0.9.0/24", {"aws": "sg-01234567"}]).flows if flow.filtered}
    assert {str(remote) for remote in remotes if isinstance(remote, Network)} == {"10.0.9.0/24"}
    assert {remote.id for remote in remotes if isinstance(remote, Reference)} == {"sg-01234567"}


def test_a_feature_may_go_another_way_than_the_others() -> None:
    ways = {"default": "filtered", "telemetry": "open"}
    interfaces = {"management": ["dns", "updates"], "data1": ["telemetry"]}
    flows = policy(hostnames=ways, interfaces=interfaces).flows
    assert {flow.names for flow in flows if flow.names} == {("aggregator.cisco.com",)}
    assert {flow.interface for flow in flows if flow.filtered} == {"management"}


def test_a_feature_without_a_way_is_still_refused() -> None:
    message = refusal(hostnames={"updates": "filtered"}, interfaces={"management": ["dns", "updates", "telemetry"]})
    assert "telemetry connects to aggregator.cisco.com" in message
    assert "res.cisco.com" not in message


def test_networks_of_the_table_stay_and_the_firewall_lets_their_names_pass() -> None:
    flows = policy(interfaces={"management": ["dns", "reputation"]}).flows
    assert {str(flow.remote) for flow in flows if "talos" in flow.entries} >= {"146.112.62.0/24"}
    assert "grpc.talos.cisco.com" in {
        name.name for name in filtered_names(policy(interfaces={"management": ["reputation"]}))
    }


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"firewall": None}, "the file does not name the firewall. Write `firewall: any` for"),
        ({"own_networks": None}, "own_networks: error: The firewall's rules match names for the gateway only"),
        ({"firewall": ["firewall.example.com"]}, "firewall.example.com is a host name, and a rule towards the firewall"),
        ({"firewall": []}, "The peer firewall is empty."),
        ({"peers": {"dns-servers": ["10.0.0.2"], "update-servers": ["*.example.com"]}}, "'*.example.com' is a pattern"),
        (
            {"interfaces": {"management": ["tac-upload"]}},
            "AWS finds host names in HTTP and TLS at tcp/80 and tcp/443, and tac-upload-ftps speaks tcp/990 to support-ftp",
        ),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_filtered_is_refused_in_words(parts: dict[str, Any], says: str) -> None:
    assert says in refusal(**parts)


def test_a_firewall_that_nothing_uses_is_a_warning() -> None:
    (warning,) = policy(interfaces={"management": ["dns"]}, hostnames="open").warnings
    assert "No feature's host names are filtered" in warning.message


def test_an_open_feature_beside_a_filtered_one_on_the_same_port_is_a_warning() -> None:
    ways = {"default": "filtered", "telemetry": "open"}
    found = policy(hostnames=ways, interfaces={"management": ["dns", "updates", "telemetry"]}).warnings
    (warning,) = (one for one in found if one.place.key == "hostnames")
    shown = "tcp/443 is open to any address for telemetry, so filtered host names of updates have no effect there."
    assert shown in warning.message


@pytest.mark.parametrize(("entry", "feature"), [("file-reputation-eu-443", {"file-reputation": {"region": "eu"}})])
def test_pinning_what_rotates_is_a_warning(entry: str, feature: Any) -> None:
    deployment = made(interfaces={"management": ["dns", feature]}, hostnames="pinned")
    with pytest.raises(InputError) as error:
        compile_policy(deployment, aws.dialect)
    (warning,) = (problem for problem in error.value.problems if problem.severity == "warning")
    assert "change often" in warning.message
    assert entry in warning.message


def example(cloud: str) -> tuple[Provider, Deployment]:
    path = EXAMPLES / "filtered.yaml"
    return CLOUDS[cloud], read(str(path), DIALECTS)


def documents(cloud: str) -> dict[str, Any]:
    chosen, deployment = example(cloud)
    lowered = chosen.lower(compile_policy(deployment, chosen.dialect), deployment)
    made_documents: dict[str, Any] = json.loads(json.dumps(chosen.documents(lowered, deployment)))
    return made_documents


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_names_read_back_are_the_policy_s(cloud: str) -> None:
    chosen, deployment = example(cloud)
    back = chosen.read_back(documents(cloud))
    assert back.deviations == ()
    assert name_differences(compile_policy(deployment, chosen.dialect), back.filtered) == ()


TABLES = {"aws": "firewall_tls_names", "azure": "firewall_application_names"}
EDITS: dict[str, Callable[[dict[str, Any], str], Any]] = {
    "a name more": lambda found, table: found["locals"][table].update(
        {next(iter(found["locals"][table])).replace("c", "d"): {"rows": [], "entries": []}}
    ),
    "a name less": lambda found, table: found["locals"][table].pop(next(iter(found["locals"][table]))),
    "a wildcard": lambda found, table: found["locals"][table].update({"tls/*.cisco.com": {"rows": [], "entries": []}}),
    "a template as a name": lambda found, table: found["locals"][table].update({"${var.x}": {"rows": [], "entries": []}}),
    "a row of another shape": lambda found, table: found["locals"][table].update({"tls/a.example": {}}),
    "no table": lambda found, table: found["locals"].pop(table),
    "other networks": lambda found, table: found["locals"].update(gateway_networks=["${var.x}"]),
    "no networks": lambda found, table: found["locals"].update(gateway_networks=[]),
    "another resource": lambda found, table: found["resource"].update(aws_instance={}),
    "a rule changed": lambda found, table: next(iter(found["resource"].values()))["this"].update(name="x"),
    "no locals": lambda found, table: found.pop("locals"),
}


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_firewall_file_is_not_proven(cloud: str, edit: str) -> None:
    chosen, deployment = example(cloud)
    found = documents(cloud)
    EDITS[edit](found["firewall.tf.json"], TABLES[cloud])
    back = chosen.read_back(found)
    assert back.deviations or name_differences(compile_policy(deployment, chosen.dialect), back.filtered)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_module_whose_firewall_file_is_gone_is_not_proven(cloud: str) -> None:
    chosen, deployment = example(cloud)
    found = documents(cloud)
    del found["firewall.tf.json"]
    assert name_differences(compile_policy(deployment, chosen.dialect), chosen.read_back(found).filtered)


def test_verify_finds_a_name_that_was_slipped_into_the_module(tmp_path: Path) -> None:
    deployment = workflow.read_deployment(str(EXAMPLES / "filtered.yaml"))
    workflow.write_module(str(tmp_path / "m"), workflow.generate(deployment, "aws"))
    file = tmp_path / "m" / "firewall.tf.json"
    file.write_text(file.read_text().replace('"res.cisco.com":', '"evil.example.com":'))
    found = workflow.verify(deployment, "aws", str(tmp_path / "m"))
    assert not found.proven
    assert "The firewall's rules permit tcp/443 to evil.example.com, but the policy does not." in found.sentences()
    assert "The policy permits tcp/443 to res.cisco.com, but the firewall's rules do not." in found.sentences()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_deployment_without_filtered_names_has_no_firewall_file(cloud: str) -> None:
    chosen = CLOUDS[cloud]
    text = (EXAMPLES / "filtered.yaml").read_text().replace("hostnames: filtered\nfirewall: any", "hostnames: open")
    deployment = read("f.yaml", DIALECTS, text=text)
    lowered = chosen.lower(compile_policy(deployment, chosen.dialect), deployment)
    assert "firewall.tf.json" not in chosen.documents(lowered, deployment)


def egress_pairs(packets: PacketSet) -> int:
    """How many pairs of an IPv4 address and a TCP or UDP port are open for egress; a port counts once for each protocol."""
    boxes = (
        Box(box.direction, box.address_space, (protocol, protocol), EVERY_PORT, box.ports, box.addresses)
        for box in packets.only("egress", IPV4).boxes()
        for protocol in (TCP, UDP)
        if box.protocols[0] <= protocol <= box.protocols[1]
    )
    return sum(size(box.ports) * size(box.addresses) for box in PacketSet.of(boxes).boxes())


def size(span: tuple[int, int]) -> int:
    return span[1] - span[0] + 1


def opened(way: str) -> tuple[int, int]:
    """Addresses times ports that go out over IPv4 in the pinned example, and the names at its firewall."""
    path = EXAMPLES / "pinned.yaml"
    text = path.read_text().replace("hostnames: pinned", f"hostnames: {way}")
    if way.startswith("filtered"):
        text += "own_networks: [10.20.1.0/24]\n"
    lowered = workflow.lower(workflow.read_deployment(str(path), text), "aws")
    out = sum(egress_pairs(packets) for packets in lowered.packets.values())
    return out, len(filtered_names(lowered.policy))


def test_the_documentation_says_what_each_way_opens() -> None:
    text = (EXAMPLES.parents[1] / "docs" / "hostnames.md").read_text(encoding="utf-8")
    for label, way in {
        "`open`": "open",
        "`pinned`": "pinned",
        "`filtered`, `firewall: any`": "filtered\nfirewall: any",
        "`filtered`, `firewall: 10.20.9.0/28`": "filtered\nfirewall: 10.20.9.0/28",
    }.items():
        out, names = opened(way)
        assert f"| {label} | {out:,} | {names} |" in text, (label, out, names)
