"""Azure's rules counted, `python -m benchmarks.rule_counts`: as written, one for each flow and network, and at least.

Counted are the rules that allow, for every example that names Azure and for the policies that the benchmarks measure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import deployments
from benchmarks.rule_bound import rule_bound
from esacloud import workflow
from esacloud.azure.limits import limits
from esacloud.azure.model import SecurityRule
from esacloud.azure.rules import security_rules
from esacloud.deployment.model import Deployment
from esacloud.policy.lowered import Lowered
from esacloud.policy.merging import merged
from esacloud.policy.model import Flow
from esacloud.policy.packets import packets_by_interface

EXAMPLES = Path(__file__).parents[1] / "examples"
NUMBER = 0  # of the benchmarks' deployment files the first


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many rules one deployment has in all of its groups, and could have.

    - `flows`: interface, direction, protocol, ports and the entries that need it, whatever the remotes; with the health
      probes of a load balancer where the file has one.
    - `pairs`: a flow and one remote of it; a tool that merges nothing makes a rule of each.
    - `rules`: what esacloud writes.
    - `together`: what it would write if it did not hold apart what different entries ask for, as where a group is full.
    - `bound`: what no arrangement can go below.
    """

    what: str
    flows: int
    pairs: int
    rules: int
    together: int
    bound: int


def measure() -> tuple[RuleCount, ...]:
    """The examples by name, then the policies of the benchmarks by size."""
    return tuple(count(what, deployment) for what, deployment in _deployments())


def _deployments() -> Iterator[tuple[str, Deployment]]:
    for file in sorted(EXAMPLES.glob("*.yaml")):
        deployment = workflow.read_deployment(str(file))
        if "azure" in deployment.clouds:
            yield f"examples/{file.name}", deployment
    texts = {
        "benchmark, 50 flows": deployments.site(NUMBER, "azure"),
        "benchmark, 1,000 pairs": deployments.middle(NUMBER, "azure"),
        "benchmark, 5,000 pairs": deployments.large(NUMBER, "azure"),
    }
    for what, text in texts.items():
        yield what, workflow.read_deployment("deployment.yaml", text)


def count(what: str, deployment: Deployment) -> RuleCount:
    """The counts of one deployment. Raises InputError where it cannot be lowered to Azure."""
    lowered = workflow.lower(deployment, "azure")
    flows = lowered.policy.flows
    return RuleCount(
        what=what,
        flows=len({_without_remote(flow) for flow in flows}),
        pairs=len(flows),
        rules=_allowing(rule for group in lowered.native.groups for rule in group.rules),
        together=_together(lowered, deployment),
        bound=sum(rule_bound(packets) for packets in packets_by_interface(lowered.policy).values()),
    )


def _without_remote(flow: Flow) -> tuple[object, ...]:
    return flow.interface, flow.direction, flow.transport, flow.source_ports, flow.ports, flow.entries


def _together(lowered: Lowered, deployment: Deployment) -> int:
    quotas = limits(deployment.clouds["azure"].quotas)
    return sum(
        _allowing(
            security_rules(
                merged(flow for flow in lowered.policy.flows if flow.interface == interface), quotas, apart=False
            )
        )
        for interface in lowered.policy.interfaces
    )


def _allowing(rules: Iterable[SecurityRule]) -> int:
    return sum(rule.access == "Allow" for rule in rules)


def table(counts: Iterable[RuleCount]) -> list[str]:
    """The lines of a Markdown table."""
    lines = ["| | flows | flow x network | rules | with reasons together | lower bound |", "|---|---|---|---|---|---|"]
    for found in counts:
        lines.append(
            f"| {found.what} | {found.flows} | {found.pairs:,} | {found.rules} | {found.together} | {found.bound} |"
        )
    return lines


if __name__ == "__main__":
    print("\n".join(table(measure())))
