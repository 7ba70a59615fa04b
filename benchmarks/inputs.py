"""The policies that are measured, each with its deployment file and its flows."""

from __future__ import annotations

from dataclasses import replace

from benchmarks import deployments
from benchmarks.equal_policy import EqualPolicy, neutral
from esacloud import workflow


def policy_of(text: str) -> EqualPolicy:
    """The policy of a deployment file's text on the one cloud that it names. What it says is the same on every cloud."""
    deployment = workflow.read_deployment("deployment.yaml", text)
    (cloud,) = deployment.clouds
    return EqualPolicy(text, neutral(workflow.compile_for(deployment, cloud)))


def site(cloud: str = "aws") -> EqualPolicy:
    """50 flows."""
    return policy_of(deployments.site(0, cloud))


def site_with_one_more(cloud: str = "aws") -> EqualPolicy:
    """The same, and one more flow at the top: the others keep their places after it."""
    policy = policy_of(deployments.site_with_one_more(0, cloud))
    known = {flow.name for flow in site(cloud).flows}
    added = [flow for flow in policy.flows if flow.name not in known]
    return replace(policy, flows=(*added, *(flow for flow in policy.flows if flow.name in known)))


def sites(count: int, cloud: str = "aws") -> tuple[EqualPolicy, ...]:
    """Different policies of 50 flows."""
    return tuple(policy_of(deployments.site(number, cloud)) for number in range(count))


def large(cloud: str = "aws") -> EqualPolicy:
    """5,000 pairs of a flow and a network, as a person would write them: 97 flows of about 52 networks."""
    return policy_of(deployments.large(0, cloud))


def one_network_each(policy: EqualPolicy) -> EqualPolicy:
    """The same policy with a flow of its own for each network."""
    return replace(
        policy,
        flows=tuple(
            replace(flow, name=f"{flow.name}-{number}", networks=(network,))
            for flow in policy.flows
            for number, network in enumerate(flow.networks, 1)
        ),
    )
