"""The modules in the real terraform, with a stub that has the azurerm provider's schema and ARM's refusals."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from support.azure import files_of, read_file
from support.azurerm import Terraform

from esacloud.azure.evaluate import permitted
from esacloud.azure.model import SecurityRule
from esacloud.azure.provider import PROVIDER as azure
from esacloud.deployment.model import Deployment
from esacloud.policy.compile import compile_policy
from esacloud.policy.packets import packets_by_interface

pytestmark = pytest.mark.real

HERE = Path(__file__).parents[1]
FILES = [
    HERE / "azure" / "golden" / "deployment.yaml",
    *sorted(path for path in HERE.parent.glob("examples/*.yaml") if "azure:" in path.read_text(encoding="utf-8")),
]


def nic(module: str) -> str:
    return f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/{module}"


def attached(module: str) -> dict[str, Any]:
    """Arguments of a module; a network interface has one network security group, so each module has its own."""
    return {
        "network_interface_ids": {"management": {"one": nic(module)}},
        "subnet_ids": {"management": {"mail": "/subnets/mail"}},
    }


@dataclass
class Run:
    deployments: dict[str, Deployment] = field(default_factory=dict)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)  # module -> address -> values, after the apply
    outputs: dict[str, Any] = field(default_factory=dict)
    second_plan: tuple[int, str] = (-1, "")
    left: list[Any] = field(default_factory=list)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("root")
    run = Run()
    listed = [{"Key": "", "Source": "", "Dir": "."}]
    for number, file in enumerate(FILES):
        name = f"m{number}"
        run.deployments[name] = read_file(file)
        (root / name).mkdir()
        for path, text in files_of(run.deployments[name]).items():
            (root / name / path).write_text(text, encoding="utf-8")
        listed.append({"Key": name, "Source": f"./{name}", "Dir": name})
    configuration = {
        "provider": {"azurerm": {"features": {}}},
        "module": {
            name: {"source": f"./{name}", "name_prefix": f"{name}-", "tags": {"called": name}, **attached(name)}
            for name in run.deployments
        },
        "output": {name: {"value": f"${{module.{name}}}"} for name in run.deployments},
    }
    (root / "main.tf.json").write_text(json.dumps(configuration))
    (root / ".terraform" / "modules").mkdir(
        parents=True
    )  # as `terraform get` leaves it; `init` would look for the provider
    (root / ".terraform" / "modules" / "modules.json").write_text(json.dumps({"Modules": listed}))
    terraform = Terraform(root, tmp_path_factory.mktemp("plugins"))
    terraform("validate")
    terraform("apply", "-auto-approve")
    values = json.loads(terraform("show", "-json"))["values"]
    run.outputs = {name: output["value"] for name, output in values["outputs"].items()}
    for child in values["root_module"]["child_modules"]:
        name = child["address"].removeprefix("module.")
        run.resources[name] = {
            resource["address"].removeprefix(f"module.{name}."): resource["values"] for resource in child["resources"]
        }
    again = terraform.run("plan", "-detailed-exitcode", "-no-color")
    run.second_plan = again.returncode, again.stdout + again.stderr
    terraform("destroy", "-auto-approve")
    run.left = json.loads((root / "terraform.tfstate").read_text())["resources"]
    return run


def as_applied(values: dict[str, Any], members: str | None) -> tuple[SecurityRule, ...]:
    """The rules of a group as terraform gave them to the provider, all 16 attributes of each."""
    rules = []
    for rule in values["security_rule"]:
        assert len(rule) == 16
        made: dict[str, Any] = {key: rule[key] for key in ("name", "priority", "direction", "access", "protocol")}
        for side in ("source", "destination"):
            ports, prefixes = rule[f"{side}_port_range"], rule[f"{side}_address_prefix"]
            made[f"{side}_port_ranges"] = (ports,) if ports else tuple(rule[f"{side}_port_ranges"])
            made[f"{side}_address_prefixes"] = (prefixes,) if prefixes else tuple(rule[f"{side}_address_prefixes"] or ())
            made[f"{side}_application_security_groups"] = tuple(
                "self" if group == members else group for group in rule[f"{side}_application_security_group_ids"] or ()
            )
        rules.append(SecurityRule(**made))
    return tuple(rules)


def test_what_terraform_applied_permits_exactly_the_packets_of_the_policy(run: Run) -> None:
    for name, deployment in run.deployments.items():
        desired = azure.lower(compile_policy(deployment, azure.dialect), deployment).policy
        scope = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-mail/providers/Microsoft.Network"
        for interface, packets in packets_by_interface(desired).items():
            members = run.resources[name].get(f'azurerm_application_security_group.members["{interface}"]', {}).get("id")
            rules = as_applied(run.resources[name][f'azurerm_network_security_group.this["{interface}"]'], members)
            shortened = tuple(map(with_names(f"{scope}/applicationSecurityGroups/"), rules))
            assert permitted(shortened) == packets


def with_names(scope: str) -> Any:
    """A function that gives a rule's groups in this deployment's resource group their names back."""

    def shorten(rule: SecurityRule) -> SecurityRule:
        return replace(
            rule,
            source_application_security_groups=tuple(
                g.removeprefix(scope) for g in rule.source_application_security_groups
            ),
            destination_application_security_groups=tuple(
                g.removeprefix(scope) for g in rule.destination_application_security_groups
            ),
        )

    return shorten


def test_a_second_plan_has_nothing_to_do(run: Run) -> None:
    code, message = run.second_plan
    assert code == 0, message


def test_the_group_is_put_on_the_subnets_and_network_interfaces_that_are_named(run: Run) -> None:
    for name in run.deployments:
        found = run.resources[name]
        group = found['azurerm_network_security_group.this["management"]']["id"]
        put_on = found['azurerm_network_interface_security_group_association.this["management/one"]']
        assert (put_on["network_interface_id"], put_on["network_security_group_id"]) == (nic(name), group)
        subnet = found['azurerm_subnet_network_security_group_association.this["management/mail"]']
        assert (subnet["subnet_id"], subnet["network_security_group_id"]) == ("/subnets/mail", group)


def test_members_join_the_group_that_stands_for_self(run: Run) -> None:
    joined = [
        (found[address]["network_interface_id"], found[address]["application_security_group_id"])
        for found in run.resources.values()
        for address in found
        if address.startswith("azurerm_network_interface_application_security_group_association")
    ]
    groups = [
        (nic(name), ids["application_security_group_ids"]["management"])
        for name, ids in run.outputs.items()
        if ids["application_security_group_ids"]
    ]
    assert joined == groups
    assert len(joined) >= 2


def test_outputs_name_the_groups_and_the_rows_of_every_rule(run: Run) -> None:
    for name, deployment in run.deployments.items():
        assert run.outputs[name]["network_security_group_ids"].keys() == {one.name for one in deployment.interfaces}
        lowered = azure.lower(compile_policy(deployment, azure.dialect), deployment)
        made = {f"{group.interface}/{rule.name}": rule for group in lowered.native.groups for rule in group.rules}
        assert {key: tuple(row["rows"]) for key, row in run.outputs[name]["rules"].items()} == {
            key: rule.rows for key, rule in made.items()
        }


def test_groups_carry_the_tags_of_the_file_of_the_caller_and_of_esacloud(run: Run) -> None:
    for name, deployment in run.deployments.items():
        tags = run.resources[name]['azurerm_network_security_group.this["management"]']["tags"]
        assert deployment.clouds["azure"].tags.items() <= tags.items()
        assert (tags["called"], tags["esacloud:deployment"], tags["esacloud:interface"]) == (
            name,
            deployment.name,
            "management",
        )


def test_destroy_leaves_nothing(run: Run) -> None:
    assert run.left == []


def test_an_interface_that_the_gateway_lacks_is_refused_by_the_module(tmp_path: Path) -> None:
    module = tmp_path / "module"
    module.mkdir()
    for path, text in files_of(read_file(FILES[0])).items():
        (module / path).write_text(text, encoding="utf-8")
    terraform = Terraform(module, tmp_path / "plugins")
    refused = terraform.run("plan", "-no-color", "-var", 'subnet_ids={data9={a="/subnets/a"}}')
    assert refused.returncode == 1
    assert "subnet_ids has a key that is not an interface of this gateway" in refused.stderr


MOCKED = """\
mock_provider "azurerm" {}

run "applies" {
  command = apply

  assert {
    condition     = length(output.network_security_group_ids) == 2
    error_message = "there is a group for each interface"
  }

  assert {
    condition = alltrue([
      for group in values(azurerm_network_security_group.this) :
      length([for rule in group.security_rule : rule if rule.priority == 4096 && rule.access == "Deny"]) == 2
    ])
    error_message = "both directions of every group end in a rule that denies the rest"
  }
}
"""


def test_the_module_passes_terraform_test_with_a_mocked_provider(tmp_path: Path) -> None:
    module = tmp_path / "module"
    module.mkdir()
    for path, text in files_of(read_file(FILES[0])).items():
        (module / path).write_text(text, encoding="utf-8")
    (module / "module.tftest.hcl").write_text(MOCKED)
    terraform = Terraform(module, tmp_path / "plugins", ordinary=True)
    assert "1 passed, 0 failed" in terraform("test", "-no-color")
