"""The policies that are measured, each with its deployment file and its flows."""

from __future__ import annotations

from dataclasses import replace

from benchmarks import deployments
from benchmarks.equal_policy import EqualPolicy, neutral
from esacloud import workflow


def policy_of(text: str) -> EqualPolicy:
    """The policy of a deployment file's text."""
    return EqualPolicy(text, neutral(workflow.compile_for(workflow.read_deployment("deployment.yaml", text), "aws")))


def site() -> EqualPolicy:
    """50 flows."""
    return policy_of(deployments.site(0))


def site_with_one_more() -> EqualPolicy:
    """The same, and one more flow at the top: the others keep their places after it."""
    policy = policy_of(deployments.site_with_one_more(0))
    known = {flow.name for flow in site().flows}
    added = [flow for flow in policy.flows if flow.name not in known]
    return replace(policy, flows=(*added, *(flow for flow in policy.flows if flow.name in known)))


def sites(count: int) -> tuple[EqualPolicy, ...]:
    """Different policies of 50 flows."""
    return tuple(policy_of(deployments.site(number)) for number in range(count))


def large() -> EqualPolicy:
    """5,000 pairs of a flow and a network, as a person would write them: 97 flows of about 52 networks."""
    return policy_of(deployments.large(0))


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
