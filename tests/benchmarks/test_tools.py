"""Every tool is given the whole policy, and what it makes of it is read back exactly."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("benchmarks", reason="the benchmarks stand beside the package in a checkout and are not installed")

from benchmarks import experiments, inputs
from benchmarks.equal_policy import packets
from benchmarks.run import AWS, AZURE
from benchmarks.tools import esacloud_aws, esacloud_azure, fwshift, fwshift_azure, pol
from esacloud.packets.sets import IPV4

PAIRS = [*((tool, "aws") for tool in AWS), *((tool, "azure") for tool in AZURE)]


@pytest.fixture(params=PAIRS, ids=lambda pair: f"{pair[0].NAME}-{pair[1]}")
def tool_and_cloud(request):
    tool, cloud = request.param
    if find_spec(tool.DISTRIBUTION) is None:
        pytest.skip(f"{tool.NAME} is not installed; the extra `bench` has it")
    return tool, cloud


@pytest.fixture
def tool(tool_and_cloud):
    return tool_and_cloud[0]


@pytest.fixture
def cloud(tool_and_cloud):
    return tool_and_cloud[1]


def test_the_output_permits_exactly_the_policy(tool, cloud, tmp_path: Path):
    policy = inputs.site(cloud)
    out = experiments.convert(tool, policy, tmp_path)
    for interface, desired in packets(policy.flows).items():
        assert (tool.packets(out, policy)[interface] ^ desired) <= tool.leeway()


def test_there_is_a_rule_for_every_flow(tool, cloud, tmp_path: Path):
    policy = inputs.site(cloud)
    rules = tool.rules(tool.resources(experiments.convert(tool, policy, tmp_path)))
    assert rules >= len(policy.flows)


def test_a_changed_port_in_the_output_is_found(tool, cloud, tmp_path: Path):
    policy = inputs.site(cloud)
    out = experiments.convert(tool, policy, tmp_path)
    for file in out.rglob("*"):
        if file.is_file():
            file.write_text(re.sub(r"\b6443\b", "6444", file.read_text()))
    assert any(
        not (tool.packets(out, policy)[interface] ^ desired) <= tool.leeway()
        for interface, desired in packets(policy.flows).items()
    )


def test_many_policies_become_as_many_outputs(tool, cloud, tmp_path: Path):
    from benchmarks.measure import run

    source, out = experiments.fresh(tmp_path / "in"), experiments.fresh(tmp_path / "out")
    policies = inputs.sites(3, cloud)
    tool.write_input(source, policies)
    run(tool.many(source, out), tmp_path)
    assert sorted(path.name.partition(".")[0] for path in out.iterdir()) == ["0000", "0001", "0002"]
    assert all(
        (tool.packets(out, policies[0])[interface] ^ desired) <= tool.leeway()
        for interface, desired in packets(policies[0].flows).items()
    )


def test_esacloud_makes_a_rule_for_each_pair_on_aws_and_one_more_flow_changes_nothing_else(tmp_path: Path):
    shape = experiments.shape(esacloud_aws, inputs.site(), inputs.site_with_one_more(), tmp_path)
    assert (shape.rules, shape.resources, shape.changed) == (73, 73 + 3, 2)


def test_esacloud_makes_a_rule_for_each_flow_on_azure_and_one_more_flow_changes_nothing_else(tmp_path: Path):
    shape = experiments.shape(esacloud_azure, inputs.site("azure"), inputs.site_with_one_more("azure"), tmp_path)
    assert (shape.rules, shape.resources, shape.changed) == (50, 50 + 3 + 2 * 3, 1)  # the groups, and what closes them


@pytest.mark.parametrize(("tool", "cloud"), [(esacloud_aws, "aws"), (esacloud_azure, "azure")])
def test_a_tool_that_leaves_a_flow_out_stops_the_run(tool, cloud, tmp_path: Path):
    whole = inputs.site(cloud)
    smaller = type(whole)(whole.text, whole.flows[1:])  # esacloud reads the text, and the check holds it to the flows
    with pytest.raises(experiments.UnequalError, match="esacloud"):
        experiments.convert(tool, smaller, tmp_path)


def test_a_term_of_capirca_and_aerleon_for_every_flow(tmp_path: Path):
    policy = inputs.site()
    pol.write(tmp_path, [policy], "gce")
    text = (tmp_path / "pol" / "0000.pol").read_text()
    assert text.count("action:: accept") == len(policy.flows)
    assert text.count("action:: deny") == 1
    assert len((tmp_path / "def" / "NETWORK.net").read_text().splitlines()) == 73


def test_an_access_list_entry_of_fwshift_for_every_flow_with_its_networks_in_a_group(tmp_path: Path):
    policy = inputs.site()
    fwshift.write_input(tmp_path, [policy])
    text = (tmp_path / "0000.cfg").read_text()
    assert text.count(" extended permit ") == len(policy.flows)
    several = {flow.networks for flow in policy.flows if len(flow.networks) > 1}
    assert text.count("object-group network ") == len(several)
    assert text.count(" network-object ") == sum(map(len, several))


SECURITY_RULE = """
  security_rule {{
    name                         = "{name}"
    priority                     = {priority}
    direction                    = "Inbound"
    access                       = "{access}"
    protocol                     = "Tcp"
    source_port_range            = "*"
    destination_port_ranges      = ["25", "{port}"]
    source_address_prefixes      = ["10.0.0.0/8", "192.0.2.0/24"]
    destination_address_prefix   = "{near}"
  }}
"""


def test_a_group_of_fwshifts_is_read_as_azure_would_at_each_interface(tmp_path: Path):
    policy = inputs.site("azure")
    near = dict(fwshift.interface_addresses(policy.flows))
    rules = [
        {"name": "one", "priority": 200, "access": "Allow", "port": "80", "near": f"{near['data1']}/32"},
        {"name": "two", "priority": 100, "access": "Deny", "port": "26", "near": f"{near['data1']}/32"},
        {"name": "three", "priority": 300, "access": "Allow", "port": "443", "near": "192.168.0.0/16"},
    ]
    body = "".join(SECURITY_RULE.format(**rule) for rule in rules)
    (tmp_path / "0000.tf").write_text(f'resource "azurerm_network_security_group" "nsg" {{\n{body}}}\n')
    found = fwshift_azure.packets(tmp_path, policy)
    ports = {
        interface: sorted({box.ports for box in found[interface].only("ingress", IPV4).boxes()}) for interface in near
    }  # the default rules let in no address
    assert ports == {"data1": [(80, 80), (443, 443)], "data2": [(25, 25), (443, 443)], "management": [(25, 25), (443, 443)]}
    assert fwshift_azure.rules(fwshift_azure.resources(tmp_path)) == 2


def test_two_rules_of_one_name_are_not_taken_for_one(tmp_path: Path):
    rule = SECURITY_RULE.format(name="one", priority=100, access="Allow", port="80", near="*")
    (tmp_path / "0000.tf").write_text(f'resource "azurerm_network_security_group" "nsg" {{\n{rule}{rule}}}\n')
    with pytest.raises(ValueError, match="two rules are called nsg/one"):
        fwshift_azure.resources(tmp_path)
