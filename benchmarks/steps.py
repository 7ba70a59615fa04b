"""What `workflow.generate` and `workflow.write_module` do, step by step, each with the time that it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from esacloud import provider as clouds
from esacloud import workflow
from esacloud.policy.filtered import name_differences
from esacloud.policy.packets import packets_by_interface
from esacloud.policy.proof import differences
from esacloud.terraform.layout import documents_of
from esacloud.terraform.manifest import module_files

READ, COMPILE, PACKETS, JUDGE, LOWER = "read", "compile", "the policy's packets", "judge", "lower"
ASSEMBLE, PARSE, EVALUATE, COMPARE, WRITE = "assemble", "parse what was assembled", "evaluate it", "compare", "write"


def step_by_step(text: str, cloud: str, directory: str, clock: Callable[[], float]) -> Iterator[tuple[str, float]]:
    """Each step and its seconds by `clock`, from a deployment file's text to the module in `directory`."""
    chosen = clouds.load(cloud)
    start = clock()

    def since() -> float:
        nonlocal start
        before, start = start, clock()
        return start - before

    deployment = workflow.read_deployment("deployment.yaml", text)
    yield READ, since()
    policy = workflow.compile_for(deployment, cloud)
    yield COMPILE, since()
    desired = packets_by_interface(policy)
    yield PACKETS, since()
    judgement = workflow.judge_policy(policy, deployment, chosen, packets=desired)
    yield JUDGE, since()
    lowered = chosen.lower(policy, deployment)
    yield LOWER, since()
    files = module_files(chosen, lowered, deployment)
    yield ASSEMBLE, since()
    documents = documents_of(files)
    yield PARSE, since()
    back = chosen.read_back(documents)
    yield EVALUATE, since()
    if differences(desired, back.packets) or back.deviations or name_differences(lowered.policy, back.filtered):
        raise ValueError("the module is not proven; steps are for deployments to which the cloud adds no flow of its own")
    yield COMPARE, since()
    workflow.write_module(directory, workflow.Module(lowered, files, judgement))
    yield WRITE, since()
