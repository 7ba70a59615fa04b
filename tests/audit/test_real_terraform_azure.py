"""A plan and a state of the real terraform, of modules for Azure: nothing is missing, unexpected for, unknown or broken."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.azure import files_of, read_file
from support.azurerm import Terraform

from esacloud import workflow
from esacloud.audit.assignment import attachments
from esacloud.audit.model import Audit
from esacloud.audit.run import against_deployment
from esacloud.audit.sources import read_text
from esacloud.deployment.model import Deployment
from esacloud.packets.text import parse_packets
from esacloud.policy.actual import ActualGroups

pytestmark = pytest.mark.real

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = [path for path in sorted(EXAMPLES.glob("*.yaml")) if "azure:" in path.read_text(encoding="utf-8")]
BEFORE_AND_AFTER = ("plan", "state")
TODAY = date(2026, 6, 1)
NETWORK = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network"


def run(root: Path, plugins: Path, main: dict[str, Any], modules: dict[str, Deployment]) -> dict[str, ActualGroups]:
    """What is read of the plan and of the state of a root with the deployments' modules, each in the folder of its name."""
    listed = [{"Key": "", "Source": "", "Dir": "."}]
    for name, deployment in modules.items():
        (root / name).mkdir(parents=True)
        for path, text in files_of(deployment).items():
            (root / name / path).write_text(text, encoding="utf-8")
    (root / "main.tf.json").write_text(json.dumps({"provider": {"azurerm": {"features": {}}}, **main}))
    listed += _called(root, ".", main, "")
    (root / ".terraform" / "modules").mkdir(parents=True)  # as `terraform get` leaves it
    (root / ".terraform" / "modules" / "modules.json").write_text(json.dumps({"Modules": listed}))
    terraform = Terraform(root, plugins)
    terraform("plan", "-out", "plan")
    shown = {"plan": terraform("show", "-json", "plan")}
    terraform("apply", "plan")
    shown["state"] = terraform("show", "-json")
    return {name: read_text(text.encode(), name)[0] for name, text in shown.items()}


def _called(root: Path, folder: str, main: dict[str, Any], key: str) -> Iterator[dict[str, str]]:
    for name, call in main.get("module", {}).items():
        where = os.path.normpath(f"{folder}/{call['source']}")
        yield {"Key": f"{key}{name}", "Source": call["source"], "Dir": where}
        yield from _called(root, where, json.loads((root / where / "main.tf.json").read_text()), f"{key}{name}.")


def on(deployment: Deployment) -> dict[str, Any]:
    """Arguments of a module: for every interface a subnet and a network interface that somebody else made."""
    names = [interface.name for interface in deployment.interfaces]
    return {
        "subnet_ids": {name: {"one": f"{NETWORK}/virtualNetworks/mail/subnets/{name}"} for name in names},
        "network_interface_ids": {name: {"one": f"{NETWORK}/networkInterfaces/{name}"} for name in names},
    }


@pytest.fixture(scope="module", params=["alone", "put on something"])
def audits(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Audit]:
    """By file, of the plan and of the state: their audits against the deployment that the module was made from."""
    audits = {}
    for file in FILES:
        deployment = read_file(file)
        given = on(deployment) if request.param == "put on something" else {}
        main = {"module": {"gateway": {"source": "./gateway", **given}}}
        found = run(tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("plugins"), main, {"gateway": deployment})
        for name, actual in found.items():
            assert len(actual.attached) == len(actual.around) == (len(deployment.interfaces) if given else 0)
            audits[file.stem, name] = against_deployment(actual, deployment, TODAY)
    return audits


@pytest.mark.parametrize("name", BEFORE_AND_AFTER)
@pytest.mark.parametrize("file", [path.stem for path in FILES])
def test_what_terraform_makes_of_a_module_is_what_the_deployment_asks_for(
    audits: dict[tuple[str, str], Audit], file: str, name: str
) -> None:
    audit = audits[file, name]
    assert audit.missing == ()
    assert audit.unexpected == ()
    assert audit.unknown == ()
    assert audit.judgement.findings == ()
    assert all(one.groups and one.rules for one in audit.interfaces)


def test_the_files_have_members_and_probes() -> None:
    texts = [path.read_text(encoding="utf-8") for path in FILES]
    assert any("self" in text and "load_balancer: yes" in text for text in texts)


GATEWAY = """\
name: mail-edge-1
asyncos: "15.5"
cloud:
  azure: {resource_group: rg-mail, location: westeurope}
interfaces:
  management: [admin-cli]
  data1: [mail]
peers:
  administrators: [10.20.0.0/24]
"""
PLACE = {"resource_group_name": "rg-mail", "location": "westeurope"}


def one_interface(text: str = GATEWAY) -> Deployment:
    return workflow.read_deployment("gateway.yaml", text.replace("  data1: [mail]\n", ""))


def rule(name: str, priority: int, access: str, port: str) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "priority": priority, "direction": "Inbound", "access": access, "protocol": "Tcp"}
    for side in ("source", "destination"):
        made |= {f"{side}_address_prefix": "*", f"{side}_address_prefixes": None, f"{side}_port_ranges": None}
        made |= {f"{side}_application_security_group_ids": None, f"{side}_port_range": "*"}
    return {**made, "destination_port_range": port, "description": None}


def around(port: str) -> dict[str, Any]:
    """Resources: a network interface in a subnet whose group lets one port in."""
    return {
        "azurerm_subnet": {
            "front": {
                "name": "front",
                "resource_group_name": "rg-mail",
                "virtual_network_name": "mail",
                "address_prefixes": ["10.0.0.0/24"],
            }
        },
        "azurerm_network_interface": {
            "mail": {
                "name": "mail",
                **PLACE,
                "ip_configuration": [
                    {
                        "name": "one",
                        "private_ip_address_allocation": "Dynamic",
                        "subnet_id": "${azurerm_subnet.front.id}",
                    }
                ],
            }
        },
        "azurerm_network_security_group": {
            "around": {
                "name": "around",
                **PLACE,
                "security_rule": [rule("let-in", 100, "Allow", port), rule("deny-in", 4096, "Deny", "*")],
            }
        },
        "azurerm_subnet_network_security_group_association": {
            "around": {
                "subnet_id": "${azurerm_subnet.front.id}",
                "network_security_group_id": "${azurerm_network_security_group.around.id}",
            }
        },
    }


@pytest.mark.parametrize(("port", "missing"), [("22", []), ("25", ["tcp/22 in from 10.20.0.0/24"])])
def test_packets_pass_where_both_the_network_interface_and_its_subnet_let_them(
    tmp_path: Path, port: str, missing: list[str]
) -> None:
    given = {"management": {"one": "${azurerm_network_interface.mail.id}"}}
    main = {
        "module": {"gateway": {"source": "./gateway", "network_interface_ids": given}},
        "resource": around(port),
    }
    deployment = one_interface()
    for actual in run(tmp_path / "root", tmp_path / "plugins", main, {"gateway": deployment}).values():
        audit = against_deployment(actual, deployment, TODAY)
        (audited,) = audit.interfaces
        assert audited.groups == (
            'module.gateway.azurerm_network_security_group.this["management"]',
            "azurerm_network_security_group.around",
        )
        assert [one.packets for one in audit.missing] == list(map(parse_packets, missing))
        assert (audit.unexpected, audit.unknown, audit.judgement.findings) == ((), (), ())


def test_modules_within_modules_are_followed_to_what_they_are_given(tmp_path: Path) -> None:
    deployment = one_interface()
    root = tmp_path / "root"
    inner = {
        "variable": {"interface": {"type": "string"}},
        "module": {
            "gateway": {"source": "../gateway", "network_interface_ids": {"management": {"one": "${var.interface}"}}}
        },
    }
    network = {"resource": around("22"), "output": {"interface": {"value": "${azurerm_network_interface.mail.id}"}}}
    for name, document in (("site", inner), ("network", network)):
        (root / name).mkdir(parents=True)
        (root / name / "main.tf.json").write_text(json.dumps(document))
    main = {
        "module": {
            "network": {"source": "./network"},
            "site": {
                "source": "./site",
                "for_each": "${{north = module.network.interface}}",
                "interface": "${each.value}",
            },
        }
    }
    for actual in run(root, tmp_path / "plugins", main, {"gateway": deployment}).values():
        audit = against_deployment(actual, deployment, TODAY)
        assert audit.clean
        assert audit.interfaces[0].groups == (
            'module.site["north"].module.gateway.azurerm_network_security_group.this["management"]',
            "module.network.azurerm_network_security_group.around",
        )


def test_a_plan_that_does_not_tell_two_new_network_interfaces_apart_says_so_and_the_state_does(tmp_path: Path) -> None:
    deployment = workflow.read_deployment("gateway.yaml", GATEWAY)
    resources = around("22")
    resources["azurerm_network_interface"]["second"] = {**resources["azurerm_network_interface"]["mail"], "name": "second"}
    given = {
        "management": {"one": "${azurerm_network_interface.mail.id}"},
        "data1": {"one": "${azurerm_network_interface.second.id}"},
    }
    main = {"module": {"gateway": {"source": "./gateway", "network_interface_ids": given}}, "resource": resources}
    found = run(tmp_path / "root", tmp_path / "plugins", main, {"gateway": deployment})
    planned, applied = (against_deployment(found[name], deployment, TODAY) for name in BEFORE_AND_AFTER)
    assert planned.missing == ()
    association = 'module.gateway.azurerm_network_interface_security_group_association.this["{}/one"].network_interface_id'
    assert set(planned.unknown) == {
        f"{association.format(name)}: known after apply; its group is judged separately" for name in ("management", "data1")
    }
    assert applied.unknown == ()
    assert {one.interface for one in applied.missing} == {"data1"}
    assert len(attachments(found["state"]).groups) == 2


def test_dynamic_blocks_and_written_ones_are_not_taken_for_each_other(tmp_path: Path) -> None:
    main = {"module": {"gateway": {"source": "./gateway"}}, "resource": around("22")}
    mail = main["resource"]["azurerm_network_interface"]["mail"]
    (written,) = mail["ip_configuration"]
    other = {**main["resource"]["azurerm_subnet"]["front"], "name": "back"}
    main["resource"]["azurerm_subnet"]["back"] = other
    content = {**written, "name": "${ip_configuration.key}", "subnet_id": "${azurerm_subnet.back.id}"}
    mail["dynamic"] = {"ip_configuration": {"for_each": {"two": 2}, "content": content}}
    found = run(tmp_path / "root", tmp_path / "plugins", main, {"gateway": one_interface()})
    subnets = [f"/virtualNetworks/mail/subnets/{name}" for name in ("back", "front")]
    (planned,), (applied,) = (found[name].inside.values() for name in BEFORE_AND_AFTER)
    assert [place for place in planned if place in found["plan"].around] == []
    assert sorted(place.partition("Microsoft.Network")[2] for place in applied) == subnets
