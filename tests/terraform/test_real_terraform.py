"""The modules in the real terraform with the real AWS provider, against a local EC2: init to destroy, once for all.

Every golden case and every AWS example is a child module of one root, because the time goes into starting the provider.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.ec2_server import LocalEc2, local_ec2, tags
from support.terraform import Terraform, need_mirror, need_terraform

from esacloud.deployment.model import Deployment
from esacloud.packets.sets import PacketSet
from esacloud.policy.packets import packets_by_interface
from esacloud.provider import CLOUDS
from esacloud.workflow import Module, generate, read_deployment, write_module

HERE = Path(__file__).parents[1]
FILES = [
    file
    for file in sorted([*HERE.glob("golden/*/deployment.yaml"), *HERE.parent.glob("examples/*.yaml")])
    if {"aws"} <= yaml.safe_load(file.read_text(encoding="utf-8"))["cloud"].keys() <= set(CLOUDS)
]


@dataclass
class Run:
    """What the commands left behind: what EC2 permits after the apply, the groups' tags, exit codes, outputs."""

    deployments: dict[str, Deployment] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)
    permitted: dict[str, dict[str, PacketSet]] = field(default_factory=dict)
    tags: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    ids: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    second_plan: tuple[int, str] = (-1, "")
    left: dict[str, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    need_terraform()
    need_mirror()
    with local_ec2() as ec2:
        yield _run(ec2, tmp_path_factory.mktemp("root"))


def _run(ec2: LocalEc2, root: Path) -> Run:
    run = Run()
    for number, file in enumerate(FILES):
        name, text = f"m{number}", ec2.with_real_references(file.read_text(encoding="utf-8"))
        deployment = run.deployments[name] = read_deployment(str(file), text)
        module = run.modules[name] = generate(deployment, "aws")
        write_module(str(root / name), module)
    (root / "main.tf.json").write_text(
        json.dumps(
            {
                "provider": {"aws": ec2.provider()},
                "module": {
                    name: {"source": f"./{name}", "name_prefix": f"{name}-", "tags": {"called": name}}
                    for name in run.modules
                },
                "output": {name: {"value": f"${{module.{name}}}"} for name in run.modules},
            }
        )
    )
    terraform = Terraform(root, ec2.environment)
    terraform("init")
    terraform("validate")
    terraform("apply", "-auto-approve")
    for name in run.modules:
        found = ec2.groups("called", name)
        run.permitted[name] = ec2.permitted(found)
        run.tags[name] = [tags(group) for group in found]
        run.names[name] = [group["GroupName"] for group in found]
        run.ids[name] = {}
        for group in found:
            run.ids[name].setdefault(tags(group)["esacloud:interface"], set()).add(group["GroupId"])
    run.outputs = {name: output["value"] for name, output in json.loads(terraform("output", "-json")).items()}
    again = terraform.run("plan", "-detailed-exitcode", "-no-color")
    run.second_plan = again.returncode, again.stdout + again.stderr
    terraform("destroy", "-auto-approve", "-refresh=false")
    run.left = {name: len(ec2.groups("called", name)) for name in run.modules}
    return run


def test_every_golden_case_was_applied(run: Run) -> None:
    names = {deployment.name for deployment in run.deployments.values()}
    assert {"plain-edge", "cluster-7", "tight-quota"} <= names


def test_ec2_permits_exactly_the_packets_of_the_policy(run: Run) -> None:
    for name, module in run.modules.items():
        assert run.permitted[name] == packets_by_interface(module.policy)


def test_no_group_keeps_the_egress_rules_that_ec2_gives_to_new_groups(run: Run) -> None:
    for permitted in run.permitted.values():
        for packets in permitted.values():
            assert not any(box.direction == "egress" and box.protocols == (0, 255) for box in packets.boxes())


def test_a_second_plan_has_nothing_to_do(run: Run) -> None:
    code, output = run.second_plan
    assert code == 0, output


def test_the_outputs_name_the_groups_of_every_interface_and_the_rows_of_every_rule(run: Run) -> None:
    for name, module in run.modules.items():
        ids, rules = run.outputs[name]["security_group_ids"], run.outputs[name]["rules"]
        assert {interface: set(of_it) for interface, of_it in ids.items()} == run.ids[name]
        made = {rule.key: rule for group in module.lowered.native.groups for rule in group.rules}
        given = {**rules["ingress"], **rules["egress"]}
        assert {key: tuple(row["rows"]) for key, row in given.items()} == {key: rule.rows for key, rule in made.items()}
        assert {key: row["description"] for key, row in given.items()} == {
            key: rule.description for key, rule in made.items()
        }
        assert all(row["security_group_rule_id"].startswith("sgr-") for row in given.values())


def test_groups_carry_the_tags_of_the_file_of_the_caller_and_of_esacloud(run: Run) -> None:
    for name, deployment in run.deployments.items():
        for found, group_name in zip(run.tags[name], run.names[name], strict=True):
            assert deployment.clouds["aws"].tags.items() <= found.items()
            assert found["called"] == name
            assert found["esacloud:deployment"] == deployment.name
            assert group_name.startswith(f"{found['Name']}-")
            assert found["Name"].startswith(f"{name}-{found['esacloud:interface']}")


def test_destroy_leaves_nothing(run: Run) -> None:
    assert set(run.left.values()) == {0}
