"""The policy that all tools are given: what it holds, and that it says exactly what the deployment file says."""

from __future__ import annotations

import pytest

pytest.importorskip("benchmarks", reason="the benchmarks stand beside the package in a checkout and are not installed")

from benchmarks import deployments, inputs
from benchmarks.equal_policy import flow_networks, neutral, packets
from esacloud import workflow
from esacloud.policy.packets import packets_by_interface


def compiled(text: str):
    deployment = workflow.read_deployment("deployment.yaml", text)
    (cloud,) = deployment.clouds
    return workflow.compile_for(deployment, cloud)


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_the_site_has_50_flows_and_73_pairs_of_a_flow_and_a_network(cloud: str):
    policy = inputs.site(cloud)
    assert (len(policy.flows), flow_networks(policy.flows)) == (50, 73)


def test_the_large_policy_has_5000_pairs_of_a_flow_and_a_network():
    policy = inputs.large()
    assert flow_networks(policy.flows) == 5000
    assert len(inputs.one_network_each(policy).flows) == 5000


@pytest.mark.parametrize("made", [deployments.site, deployments.middle, deployments.large])
def test_every_cloud_is_given_the_same_flows(made):
    assert inputs.policy_of(made(0, "aws")).flows == inputs.policy_of(made(0, "azure")).flows


@pytest.mark.parametrize("cloud", ["aws", "azure"])
@pytest.mark.parametrize("number", [0, 1])
def test_the_middle_policy_has_1000_pairs_of_a_flow_and_a_network_and_can_be_proven(cloud: str, number: int):
    text = deployments.middle(number, cloud)
    assert flow_networks(inputs.policy_of(text).flows) == 1000
    assert workflow.generate(workflow.read_deployment("deployment.yaml", text), cloud).files


@pytest.mark.parametrize(
    "text", [deployments.site(0), deployments.site(1), deployments.large(0), deployments.site(0, "azure")]
)
def test_the_flows_are_the_packets_of_the_compiled_policy(text: str):
    policy = compiled(text)
    assert packets(neutral(policy)) == packets_by_interface(policy)


def test_a_flow_for_each_network_is_the_same_packets():
    policy = inputs.large()
    assert packets(inputs.one_network_each(policy).flows) == packets(policy.flows)


def test_names_are_unique_and_fit_every_tool():
    for policy in (inputs.site(), inputs.one_network_each(inputs.large())):
        names = [flow.name for flow in policy.flows]
        assert len(set(names)) == len(names)
        assert max(map(len, names)) <= 51  # capirca and aerleon allow 53, and append `-e` to what goes out


def test_files_of_different_numbers_have_different_networks_and_the_same_number_gives_the_same_file():
    first, second = compiled(deployments.site(0)), compiled(deployments.site(1))
    assert packets_by_interface(first) != packets_by_interface(second)
    assert deployments.site(1) == deployments.site(1)


def test_one_more_flow_stands_first_and_leaves_the_others_as_they_were():
    before, after = inputs.site(), inputs.site_with_one_more()
    assert after.flows[1:] == before.flows
    assert len(after.flows[0].networks) == deployments.ADDED_NETWORKS


def test_what_not_every_tool_can_say_is_refused():
    with pytest.raises(ValueError, match="not every tool can say"):
        neutral(compiled(deployments.site(0).replace("families: [ipv4]", "families: [ipv4, ipv6]")))
