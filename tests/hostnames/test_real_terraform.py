"""The modules with filtered host names in the real terraform: Azure's with the stub provider, AWS's as far as moto reaches.

moto has neither Network Firewall rule groups nor a DNS Firewall. So the security groups are applied against it, and the
whole module, with what matches the names, is validated by the real provider and applied with its resources mocked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import azurerm
from support.ec2_server import local_ec2
from support.terraform import Terraform, need_mirror, need_terraform

from esacloud import workflow
from esacloud.azure.provider import PROVIDER as azure
from esacloud.deployment.model import Deployment
from esacloud.deployment.read import read
from esacloud.policy.compile import compile_policy
from esacloud.policy.packets import packets_by_interface
from esacloud.terraform.manifest import module_files

EXAMPLE = Path(__file__).parents[2] / "examples" / "hostnames" / "filtered.yaml"
POLICY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/firewallPolicies/p"
pytestmark = pytest.mark.real


def azure_deployment() -> Deployment:
    text = EXAMPLE.read_text(encoding="utf-8").replace("    - dns\n", "    - dns\n    - tac-upload\n")
    return read(str(EXAMPLE), {"azure": azure.dialect, "aws": workflow.dialects()["aws"]}, text=text)


def test_azure_gets_an_application_rule_for_each_protocol_and_a_network_rule_for_each_other_port(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root, deployment = tmp_path_factory.mktemp("root"), azure_deployment()
    lowered = azure.lower(compile_policy(deployment, azure.dialect), deployment)
    (root / "m").mkdir()
    for name, text in module_files(azure, lowered, deployment).items():
        (root / "m" / name).write_text(text, encoding="utf-8")
    (root / "main.tf.json").write_text(
        json.dumps(
            {
                "provider": {"azurerm": {"features": {}}},
                "module": {"m": {"source": "./m", "firewall_policy_id": POLICY}},
                "output": {"m": {"value": "${module.m}"}},
            }
        )
    )
    modules = root / ".terraform" / "modules"
    modules.mkdir(parents=True)
    listed = [{"Key": "", "Source": "", "Dir": "."}, {"Key": "m", "Source": "./m", "Dir": "m"}]
    (modules / "modules.json").write_text(json.dumps({"Modules": listed}))
    terraform = azurerm.Terraform(root, tmp_path_factory.mktemp("plugins"))
    terraform("validate")
    terraform("apply", "-auto-approve")
    (child,) = json.loads(terraform("show", "-json"))["values"]["root_module"]["child_modules"]
    (group,) = (one["values"] for one in child["resources"] if one["type"].endswith("rule_collection_group"))
    assert (group["firewall_policy_id"], group["name"], group["priority"]) == (POLICY, "mail-edge-filtered-hostnames", 500)
    (applications,) = group["application_rule_collection"]
    assert [(rule["name"], rule["protocols"]) for rule in applications["rule"]] == [
        ("http", [{"port": 80, "type": "Http"}]),
        ("tls", [{"port": 443, "type": "Https"}]),
    ]
    assert applications["rule"][0]["destination_fqdns"] == ["downloads.ironport.com", "updates.ironport.com"]
    assert "logapi.ces.cisco.com" in applications["rule"][1]["destination_fqdns"]
    (ports,) = group["network_rule_collection"]
    ((rule,),) = (ports["rule"],)
    assert (rule["protocols"], rule["destination_ports"], rule["destination_fqdns"]) == (
        ["TCP"],
        ["990"],
        ["support-ftp.cisco.com"],
    )
    for one in (*applications["rule"], rule):
        assert one["source_addresses"] == ["10.20.1.0/24"]
    assert terraform.run("plan", "-detailed-exitcode").returncode == 0


def test_aws_applies_the_security_groups_and_takes_the_rule_groups_of_names(tmp_path: Path) -> None:
    need_terraform()
    need_mirror()
    with local_ec2() as ec2:
        deployment = workflow.read_deployment(str(EXAMPLE), ec2.with_real_references(EXAMPLE.read_text(encoding="utf-8")))
        module = workflow.generate(deployment, "aws")
        workflow.write_module(str(tmp_path / "m"), module)
        root: dict[str, Any] = {"provider": {"aws": ec2.provider()}, "module": {"m": {"source": "./m"}}}
        outputs = ("network_firewall_rule_group_arns", "dns_firewall_rule_group_id")
        root["output"] = {name: {"value": f"${{module.m.{name}}}"} for name in outputs}
        (tmp_path / "main.tf.json").write_text(json.dumps(root))
        checks = {
            'keys(output.network_firewall_rule_group_arns) == ["http", "tls"]': "both protocols have a rule group",
            "length(output.dns_firewall_rule_group_id) > 0": "there is a DNS Firewall rule group",
        }
        asserts = [{"condition": f"${{{check}}}", "error_message": says} for check, says in checks.items()]
        mocked = {"mock_provider": {"aws": {}}, "run": {"all": {"command": "apply", "assert": asserts}}}
        (tmp_path / "all.tftest.json").write_text(json.dumps(mocked))
        terraform = Terraform(tmp_path, ec2.environment)
        terraform("init")
        terraform("validate")
        assert "1 passed, 0 failed" in terraform("test", "-no-color")
        targets = [f"-target=module.m.aws_vpc_security_group_{way}_rule.this" for way in ("ingress", "egress")]
        terraform("apply", "-auto-approve", *targets)
        found = ec2.groups("esacloud:deployment", deployment.name)
        assert ec2.permitted(found) == packets_by_interface(module.policy)
        terraform("destroy", "-auto-approve", "-refresh=false")
