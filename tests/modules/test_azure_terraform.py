"""modules/azure in the real terraform, with a stub that has the azurerm provider's schema and ARM's refusals."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.azurerm import Terraform, listed_modules
from support.module_inputs import generated, inputs_of
from support.shown import changes

from esacloud.azure.inventory.read import read_groups
from esacloud.packets.sets import PacketSet
from esacloud.policy.packets import packets_by_interface
from esacloud.terraform.applied import state_deviations, state_packets
from esacloud.terraform.directory import write
from esacloud.workflow import lower, read_deployment

ROOT = Path(__file__).parents[2]
FILES = [
    file
    for file in sorted([ROOT / "tests/azure/golden/deployment.yaml", *ROOT.glob("examples/*.yaml")])
    if "azure" in (content := yaml.safe_load(file.read_text(encoding="utf-8")))["cloud"]
    and content.get("hostnames", "open") == "open"
    and "hostnames_of" not in content
]
NIC = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/one"
SAME_AS_EXAMPLE = """\
name: mail-edge-1
asyncos: "15.5"
cloud:
  azure:
    subscription: 00000000-0000-0000-0000-000000000000
    resource_group: rg-mail
    location: westeurope
    load_balancer: yes
interfaces:
  management: [admin-cli, admin-gui, cluster, dns, ntp, syslog: {transport: tcp}]
  data1: [mail]
peers:
  administrators: [10.20.0.0/24]
  cluster-members: [self]
  dns-servers: [10.0.0.2, "fd12:3456:789a::2"]
  ntp-servers: [10.0.0.3]
  syslog-servers: [{application_security_group: collectors}]
"""
pytestmark = pytest.mark.xdist_group("terraform")


@dataclass
class Run:
    permitted: dict[str, PacketSet] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)
    second_plan: tuple[int, str] = (-1, "")
    rules_before: dict[str, Any] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)
    rules_after: dict[str, Any] = field(default_factory=dict)
    left: list[Any] = field(default_factory=list)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    run, checkout = Run(), tmp_path_factory.mktemp("checkout")
    example = checkout / "examples" / "terraform" / "azure"
    shutil.copytree(ROOT / "modules" / "azure", checkout / "modules" / "azure")
    shutil.copytree(ROOT / "examples" / "terraform" / "azure", example)
    (example / "gateways.auto.tfvars.json").write_text(json.dumps({"management_network_interface_ids": {"one": NIC}}))
    listed_modules(example, {"gateway": "../../../modules/azure"})
    terraform = Terraform(example, tmp_path_factory.mktemp("plugins"))
    terraform("validate")
    terraform("apply", "-auto-approve")
    shown = json.loads(terraform("show", "-json"))
    run.outputs = {name: output["value"] for name, output in shown["values"]["outputs"].items()}
    run.permitted = state_packets(shown, read_groups(shown), "mail-edge-1")
    module = shown["values"]["root_module"]["child_modules"][0]["resources"]
    run.joined = [
        resource["values"]["network_interface_id"]
        for resource in module
        if resource["type"] == "azurerm_network_interface_application_security_group_association"
    ]
    again = terraform.run("plan", "-detailed-exitcode", "-no-color")
    run.second_plan = again.returncode, again.stdout + again.stderr
    run.rules_before = rules(shown["values"])
    main = example / "main.tf"
    main.write_text(main.read_text().replace('["10.0.0.3"]', '["10.0.0.3", "fd12:3456:789a::3"]'))
    terraform("plan", "-out=more.tfplan")
    more = json.loads(terraform("show", "-json", "more.tfplan"))
    run.changed, run.rules_after = changes(more), rules(more["planned_values"])
    terraform("destroy", "-auto-approve")
    run.left = json.loads((example / "terraform.tfstate").read_text())["resources"]
    return run


def rules(values: dict[str, Any]) -> dict[str, Any]:
    found = values["root_module"]["child_modules"][0]["resources"]
    return {
        f"{resource['index']}/{rule['name']}": rule
        for resource in found
        if resource["type"] == "azurerm_network_security_group"
        for rule in resource["values"]["security_rule"]
    }


def test_the_applied_example_permits_what_a_deployment_file_of_the_same_content_does(run: Run) -> None:
    lowered = lower(read_deployment("example.yaml", SAME_AS_EXAMPLE), "azure")
    assert state_deviations(lowered.packets, run.permitted) == ()
    assert run.permitted["management"]


def test_a_second_plan_has_nothing_to_do(run: Run) -> None:
    code, output = run.second_plan
    assert code == 0, output


def test_one_network_more_adds_its_rule_and_leaves_every_other_rule_as_it_is(run: Run) -> None:
    assert run.changed == {'module.gateway.azurerm_network_security_group.this["management"]': ["update"]}
    added = run.rules_after.keys() - run.rules_before.keys()
    assert added == {"management/out-udp-123-ipv6-ntp"}
    assert {key: rule for key, rule in run.rules_after.items() if key not in added} == run.rules_before


def test_the_outputs_name_groups_rows_and_the_checklist(run: Run) -> None:
    assert run.outputs["network_security_group_ids"].keys() == {"management", "data1"}
    assert run.outputs["rows_of_rules"]["management/out-tcp-514-groups-syslog-tcp"] == [40]
    assert "listenerconfig" in {item["command"] for item in run.outputs["checklist"]}


def test_members_join_the_group_that_stands_for_self(run: Run) -> None:
    assert run.joined == [NIC]


def test_destroy_leaves_nothing(run: Run) -> None:
    assert run.left == []


def test_the_module_with_equal_inputs_permits_the_packets_of_the_generated_one(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "modules" / "azure", tmp_path / "reusable")
    calls: dict[str, Any] = {}
    names = {}
    for number, file in enumerate(FILES):
        deployment = read_deployment(str(file))
        write(str(tmp_path / f"m{number}"), generated(deployment, "azure"))
        calls[f"generated{number}"] = {"source": f"./m{number}", "tags": {"called": f"generated{number}"}}
        names[number] = deployment
        waivers = [
            {"code": "ESA001", "peer": "any", "reason": "the test's peers are public", "until": "9999-12-31"},
            {"code": "ESA002", "peer": "any", "reason": "the test's peers are public", "until": "9999-12-31"},
        ]
        inputs = {**inputs_of(deployment, "azure"), "name": f"reusable{number}", "waivers": waivers}
        calls[f"reusable{number}"] = {"source": "./reusable", **inputs}
    (tmp_path / "main.tf.json").write_text(json.dumps({"provider": {"azurerm": {"features": {}}}, "module": calls}))
    listed_modules(tmp_path, {name: call["source"] for name, call in calls.items()})
    terraform = Terraform(tmp_path, tmp_path / "plugins")
    terraform("apply", "-auto-approve")
    shown = json.loads(terraform("show", "-json"))
    assert len(FILES) >= 4
    for number, deployment in names.items():
        reusable = state_packets(shown, read_groups(shown), f"reusable{number}")
        assert reusable == state_packets(shown, read_groups(shown), deployment.name)
        assert state_deviations(lower(deployment, "azure").packets, reusable) == ()
        assert packets_by_interface(lower(deployment, "azure").policy).keys() == reusable.keys()


def test_the_tests_that_ship_with_the_module_pass(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "modules" / "azure", tmp_path / "azure")
    output = Terraform(tmp_path / "azure", tmp_path / "plugins")("test", "-no-color")
    assert "12 passed, 0 failed" in output
