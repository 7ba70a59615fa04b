"""modules/aws in the real terraform with the real provider: the example against a local EC2, and every deployment's plan.

The reusable module with a deployment's content as its inputs, and the module that `generate` makes from that deployment,
stand side by side in one root; both are read from the plan and have to permit the same packets.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.ec2_server import LocalEc2, local_ec2
from support.module_inputs import generated, inputs_of
from support.module_locals import calls
from support.shown import changes, packets_of_module
from support.terraform import Terraform, need_mirror, need_terraform

from esacloud.aws.inventory.planned import read
from esacloud.packets.sets import PacketSet
from esacloud.policy.packets import packets_by_interface
from esacloud.terraform.applied import state_packets
from esacloud.terraform.directory import write
from esacloud.workflow import compile_for, read_deployment

ROOT = Path(__file__).parents[2]
FILES = [
    file
    for file in sorted([*ROOT.glob("tests/golden/*/deployment.yaml"), *ROOT.glob("examples/*.yaml")])
    if "aws" in (content := yaml.safe_load(file.read_text(encoding="utf-8")))["cloud"]
    and content.get("hostnames", "open") == "open"
    and "hostnames_of" not in content
]
EVERYONE = [
    {"code": code, "peer": "any", "reason": "the test's peers are public", "until": "9999-12-31"} for code in ("ESA001",)
]
SAME_AS_EXAMPLE = """\
name: mail-edge-1
asyncos: "15.5"
cloud:
  aws: {{region: eu-central-1, vpc: {vpc}}}
interfaces:
  management: [admin-cli, admin-gui, dns, ntp, syslog: {{transport: tcp}}, updates]
  data1: [mail]
peers:
  administrators: [10.20.0.0/24]
  dns-servers: [10.0.0.2, "fd12:3456:789a::2"]
  ntp-servers: [10.0.0.3]
  syslog-servers: [{collectors}]
hostnames: open
"""


@dataclass
class Run:
    """What the commands over the example left behind."""

    permitted: dict[str, PacketSet] = field(default_factory=dict)
    desired: dict[str, PacketSet] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    second_plan: tuple[int, str] = (-1, "")
    one_network_more: dict[str, list[str]] = field(default_factory=dict)
    left: int = -1


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    need_terraform()
    need_mirror()
    with local_ec2() as ec2:
        return _run(ec2, tmp_path_factory.mktemp("checkout"))


def _run(ec2: LocalEc2, checkout: Path) -> Run:
    run = Run()
    example = checkout / "examples" / "terraform" / "aws"
    shutil.copytree(ROOT / "modules" / "aws", checkout / "modules" / "aws")
    shutil.copytree(ROOT / "examples" / "terraform" / "aws", example)
    (example / "override.tf.json").write_text(json.dumps({"provider": {"aws": ec2.provider()}}))
    terraform = Terraform(example, ec2.environment)
    terraform("init")
    terraform("apply", "-auto-approve", "-parallelism=40")
    shown = json.loads(terraform("show", "-json"))
    run.outputs = {name: output["value"] for name, output in shown["values"]["outputs"].items()}
    run.permitted = state_packets(shown, read(shown), "mail-edge-1")
    resources = {found["address"]: found["values"] for found in shown["values"]["root_module"]["resources"]}
    text = SAME_AS_EXAMPLE.format(
        vpc=resources["aws_vpc.mail"]["id"], collectors=resources["aws_security_group.collectors"]["id"]
    )
    run.desired = packets_by_interface(compile_for(read_deployment("example.yaml", text), "aws"))
    again = terraform.run("plan", "-detailed-exitcode", "-no-color", "-parallelism=40")
    run.second_plan = again.returncode, again.stdout + again.stderr
    main = example / "main.tf"
    main.write_text(main.read_text().replace('["10.20.0.0/24"]', '["10.19.0.0/24", "10.20.0.0/24"]'))
    terraform("plan", "-out=more.tfplan", "-refresh=false")
    run.one_network_more = changes(json.loads(terraform("show", "-json", "more.tfplan")))
    terraform("destroy", "-auto-approve", "-refresh=false", "-parallelism=40")
    run.left = len(ec2.groups("esacloud:deployment", "mail-edge-1"))
    return run


def test_the_applied_example_permits_what_a_deployment_file_of_the_same_content_does(run: Run) -> None:
    assert run.permitted == run.desired


def test_a_second_plan_has_nothing_to_do(run: Run) -> None:
    code, output = run.second_plan
    assert code == 0, output


def test_one_network_more_adds_its_rules_and_touches_nothing_else(run: Run) -> None:
    rule = "module.gateway.aws_vpc_security_group_ingress_rule.this"
    assert run.one_network_more == {f'{rule}["management/tcp-{port}-from-10.19.0.0/24"]': ["create"] for port in (22, 443)}


def test_the_outputs_name_groups_rows_and_the_checklist(run: Run) -> None:
    assert run.outputs["security_group_ids"].keys() == {"management", "data1"}
    assert all(len(ids) == 1 and ids[0].startswith("sg-") for ids in run.outputs["security_group_ids"].values())
    assert run.outputs["rows_of_rules"]["management/tcp-514-to-sg-collectors"] == [40]
    assert "listenerconfig" in {item["command"] for item in run.outputs["checklist"]}


def test_destroy_leaves_nothing(run: Run) -> None:
    assert run.left == 0


def test_the_module_with_equal_inputs_permits_the_packets_of_the_generated_one(tmp_path: Path) -> None:
    need_terraform()
    need_mirror()
    shutil.copytree(ROOT / "modules" / "aws", tmp_path / "reusable")
    deployments = {f"m{number}": read_deployment(str(file)) for number, file in enumerate(FILES)}
    more = {"waivers": EVERYONE, "rules_per_group": 100}
    inputs = {name: {**inputs_of(deployment, "aws"), **more} for name, deployment in deployments.items()}
    made: dict[str, Any] = {"reusable": calls(tmp_path, "aws", inputs)}
    for name, deployment in deployments.items():
        write(str(tmp_path / name), generated(deployment, "aws"))
        made[f"generated_{name}"] = {"source": f"./{name}", "name_prefix": f"generated-{name}-"}
    with local_ec2() as ec2:
        (tmp_path / "main.tf.json").write_text(json.dumps({"provider": {"aws": ec2.provider()}, "module": made}))
        terraform = Terraform(tmp_path, ec2.environment)
        terraform("init")
        terraform("plan", "-out=all.tfplan")
        shown = json.loads(terraform("show", "-json", "all.tfplan"))
    assert len(FILES) >= 8
    for name in deployments:
        reusable = packets_of_module(shown, f'module.reusable["{name}"]', read)
        assert reusable == packets_of_module(shown, f"module.generated_{name}", read)
        assert any(packets for packets in reusable.values())


def test_the_tests_that_ship_with_the_module_pass(tmp_path: Path) -> None:
    need_mirror()
    shutil.copytree(ROOT / "modules" / "aws", tmp_path / "aws")
    terraform = Terraform(tmp_path / "aws", {})
    terraform("init")
    assert "13 passed, 0 failed" in terraform("test", "-no-color")
