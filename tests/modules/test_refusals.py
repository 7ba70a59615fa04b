"""What the modules refuse, each in a real plan: all cases of a cloud are calls in one root, planned once."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.azurerm import Terraform as AzureTerraform
from support.azurerm import listed_modules
from support.module_locals import calls
from support.terraform import Terraform

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[2]
ONE, TWO = "sg-0123456789abcdef0", "sg-0123456789abcdef1"
LIST = {"id": "pl-0123456789abcdef0", "max_entries": 4}
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
ARM_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-mail/providers/Microsoft.Network/applicationSecurityGroups/"
WAIVER = {"code": "ESA001", "peer": "administrators", "reason": "moving to a bastion", "until": "9999-12-31"}
Cases = dict[str, tuple[dict[str, Any], str]]  # name -> inputs, and the message they have to give


def administrators(**peer: Any) -> dict[str, Any]:
    return {"peers": {"administrators": peer, "dns-servers": {"networks": ["10.0.0.2"]}}}


def of_dns(**peer: Any) -> dict[str, Any]:
    return {"feature_peers": {"management": {"dns": {"dns-servers": peer}}}}


OPEN = administrators(networks=["10.20.0.0/24", "any"])
SHARED: dict[str, Cases] = {
    "waivers": {
        "waiver_without_a_reason": ({"waivers": [{**WAIVER, "reason": " "}]}, "Every waiver needs a reason"),
        "waiver_without_a_day": ({"waivers": [{**WAIVER, "until": "soon"}]}, "must be a day of the calendar"),
        "waiver_of_nothing": ({"waivers": [{**WAIVER, "code": "ESA999"}]}, "A waiver's code must be one of ESA001"),
    },
    "peers": {
        "host_bits": (
            administrators(networks=["10.20.0.1/24"]),
            "10.20.0.1/24 is not a canonical CIDR block. Write 10.20.0.0/24",
        ),
        "no_network": (administrators(networks=["intranet"]), "intranet is not a canonical CIDR block"),
        "family": ({"families": ["ipv6"]}, "peers has networks of a family that is not in families"),
        "empty_peer": (administrators(), "peers has an empty peer"),
        "role": ({"peers": {"admins": {"networks": ["10.20.0.0/24"]}}}, "There is no role admins. Known: administrators"),
    },
    "feature_peers": {
        "host_bits_of_one_feature": (of_dns(networks=["fd00::1/64"]), "Write fd00::/64"),
        "family_of_one_feature": (
            {"families": ["ipv4"], **of_dns(networks=["fd00::/64"])},
            "feature_peers has networks of a family",
        ),
        "empty_peer_of_one_feature": (of_dns(), "feature_peers has an empty peer"),
        "role_of_one_feature": (
            {"feature_peers": {"management": {"dns": {"resolvers": {"self": True}}}}},
            "feature_peers may name these roles",
        ),
        "peer_of_a_feature_that_is_not_used": (
            {"feature_peers": {"management": {"ntp": {"ntp-servers": {"self": True}}}}},
            "feature_peers may name interfaces and their features",
        ),
    },
    "families": {
        "families": ({"families": ["ipv5"]}, "families must be"),
    },
    "features": {
        "feature": ({"features": {"management": {"telnet": {}}}}, "There is no feature telnet"),
        "interface": ({"features": {"data9": {"dns": {}}}}, "There is no interface data9. Known: management"),
        "choice": ({"features": {"data1": {"mail": {"traffic": "some"}}}}, "traffic = some is not a choice. Choices: both"),
        "setting": ({"features": {"data1": {"mail": {"size": "10"}}}}, "there is no such setting"),
        "required_setting": ({"features": {"data1": {"ftp": {}}}}, "data1.ftp: role has no default. Choose one of server"),
    },
    "release": {
        "release": ({"release": "3.1"}, "release must be one of 11.0"),
    },
    "as_printed": {
        "entry_without_printed_half": ({"as_printed": ["dns"]}, "as_printed may have these entries: "),
    },
    "rules": {
        "internet": (OPEN, "ESA001 The command line is reachable from public addresses"),
        "pieces_of_the_internet": (administrators(networks=["0.0.0.0/1", "128.0.0.0/1"]), "ESA001"),
        "waiver_of_another_guardrail": ({**OPEN, "waivers": [{**WAIVER, "code": "ESA002"}]}, "ESA001"),
        "waiver_that_is_over": ({**OPEN, "waivers": [{**WAIVER, "until": "2020-01-01"}]}, "ESA001"),
    },
    "groups": {
        "missing_peer": (
            {"peers": {"administrators": {"networks": ["10.20.0.0/24"]}}},
            "management: The feature dns needs the peer dns-servers (table row 7: dns)",
        ),
        "host_names_of_the_table": (
            {"features": {"management": {"updates": {}}}, "peers": {}},
            "updates connects to downloads.ironport.com",
        ),
        "host_names_of_a_peer": (of_dns(hostnames=["dns.example"]), "has the host names dns.example"),
        "printed_half_open_to_any": (
            {
                "features": {"management": {"ntp": {}}},
                "as_printed": ["ntp"],
                "peers": {"ntp-servers": {"networks": ["any"]}},
            },
            "as_printed has ntp, whose printed inbound half would be open to any address",
        ),
        "quota": ({"rules_per_group": 1}, "are needed, 1 fit: "),
    },
}
AWS: dict[str, Cases] = {
    "vpc_id": {
        "vpc": ({"vpc_id": "mail"}, "vpc_id must be the id of a VPC"),
    },
    "name": {
        "name": ({"name": "sg-mail"}, "must not start with sg-"),
    },
    "name_prefix": {
        "name_prefix": ({"name_prefix": "sg-mail"}, "must not start with sg-"),
    },
    "tags": {
        "tag": ({"tags": {"aws:x": "y"}}, "no key may start with aws:"),
    },
    "peers": {
        "security_group": (administrators(security_groups={"jump": "jump"}), "security_groups of peers must hold ids"),
        "prefix_list": (
            administrators(prefix_lists={"x": {**LIST, "max_entries": 1001}}),
            "prefix_lists of peers must hold",
        ),
        "prefix_list_of_another_family": (
            {"families": ["ipv4"], **administrators(prefix_lists={"x": {**LIST, "family": "ipv6"}})},
            "A prefix list of peers is not known to be of the address families in use",
        ),
        "prefix_list_of_a_family_that_nobody_says": (
            {"families": ["ipv4"], **administrators(prefix_lists={"x": LIST})},
            "A prefix list of peers is not known to be of the address families in use",
        ),
        "prefix_list_of_no_family": (
            administrators(prefix_lists={"x": {**LIST, "family": "ipx"}}),
            "A prefix list of peers is not known to be of the address families in use",
        ),
    },
    "feature_peers": {
        "prefix_list_of_one_feature": (
            {**administrators(self=True), "families": ["ipv4"], **of_dns(prefix_lists={"x": {**LIST, "family": "IPv6"}})},
            "A prefix list of feature_peers is not known",
        ),
    },
    "wider": {
        "entry_without_source_port": ({"wider": ["dns"]}, "wider may have these entries: "),
    },
    "groups": {
        "source_port": (
            {
                "features": {"data2": {"ftp": {"role": "client", "mode": "active"}}},
                "peers": {"ftp-servers": {"networks": ["10.20.2.11"]}},
            },
            "EC2 cannot match the source port 20 of ftp-client-data-active",
        ),
    },
    "rules": {
        "one_id_under_two_keys": (
            administrators(security_groups={"a": ONE, "b": ONE}),
            "one id under two keys (management/tcp-22-from-sg-a)",
        ),
        "one_list_under_two_keys": (
            administrators(prefix_lists={"a": LIST, "b": LIST}),
            "one id under two keys (management/tcp-22-from-pl-b)",
        ),
        "one_id_under_two_keys_of_two_roles": (
            {
                "peers": {
                    "administrators": {"security_groups": {"a": ONE}},
                    "dns-servers": {"security_groups": {"b": ONE}},
                }
            },
            "one id under two keys (management/tcp-53-to-sg-b)",
        ),
        "one_key_for_two_ids": (
            {**administrators(security_groups={"a": ONE}), **of_dns(security_groups={"a": TWO})},
            "one key for two ids (management/tcp-22-from-sg-a)",
        ),
    },
}
AZURE: dict[str, Cases] = {
    "name": {
        "name": ({"name": "-mail"}, "a letter or digit first"),
    },
    "name_prefix": {
        "name_prefix": ({"name_prefix": "-mail"}, "a letter or digit"),
    },
    "tags": {
        "tag": ({"tags": {"a/b": "y"}}, "There may be 48 tags"),
    },
    "peers": {
        "service_tag": (administrators(service_tags=["10.0.0.0/8"]), "service_tags of peers must be like AzureMonitor"),
        "group_called_self": (
            {"subscription_id": SUBSCRIPTION, **administrators(application_security_groups={"a": "self"})},
            "application_security_groups of peers must hold ARM ids",
        ),
        "group_by_name_without_a_subscription": (
            administrators(application_security_groups={"a": "asg-one"}),
            "set subscription_id, or give their ids",
        ),
    },
    "last_priority": {
        "priorities_backwards": ({"first_priority": 200, "last_priority": 199}, "must be from first_priority"),
    },
    "subnet_ids": {
        "subnet": ({"subnet_ids": {"data2": {"a": "/subnet"}}}, "subnet_ids may name the interfaces"),
    },
    "network_interface_ids": {
        "network_interface": ({"network_interface_ids": {"data2": {"a": "/nic"}}}, "network_interface_ids may name"),
    },
    "groups": {
        "internet_by_its_service_tag": (administrators(service_tags=["Internet"]), "ESA001"),
        "one_group_under_two_keys": (
            {
                "subscription_id": SUBSCRIPTION,
                **administrators(application_security_groups={"a": "asg-one", "b": f"{ARM_ID}ASG-one"}),
            },
            "peers have one application security group under two keys",
        ),
        "one_key_for_two_groups": (
            {
                **administrators(application_security_groups={"a": f"{ARM_ID}asg-one"}),
                **of_dns(application_security_groups={"a": f"{ARM_ID}asg-two"}),
            },
            "peers use one key for two application security groups",
        ),
        "priorities_that_do_not_suffice": ({"first_priority": 200, "last_priority": 200}, "no priority is left for "),
    },
}
CHECKS = dict.fromkeys((*SHARED, *AWS, *AZURE))
BASE: dict[str, Any] = {
    "features": {"management": {"admin-cli": {}, "dns": {}}, "data1": {"mail": {}}},
    **administrators(networks=["10.20.0.0/24"]),
}


def joined(*parts: dict[str, Cases]) -> dict[str, Cases]:
    return {check: {name: case for part in parts for name, case in part.get(check, {}).items()} for check in CHECKS}


def blocks_of(directory: Path, cloud: str, refused: dict[str, Cases], **place: str) -> dict[str, Any]:
    """A module block for each check: an input that is wrong stops whatever depends on it in all calls of its block."""
    return {
        check: calls(
            directory,
            cloud,
            {name: {"name": name, **BASE, **place, **inputs} for name, (inputs, _) in cases.items()},
            f"{check}.json",
        )
        for check, cases in refused.items()
        if cases
    }


def missing_errors(terraform: Terraform, refused: dict[str, Cases]) -> list[str]:
    """The cases whose message is in fewer errors of the plan than there are cases that want it."""
    planned = terraform.run("plan", "-json", "-refresh=false", "-lock=false").stdout.splitlines()
    diagnostics = [json.loads(line).get("diagnostic", {}) for line in planned]
    errors = [" ".join(found["detail"].split()) for found in diagnostics if found.get("severity") == "error"]
    cases = {f"{check}/{name}": case for check, found in refused.items() for name, case in found.items()}
    desired = Counter(message for _, message in cases.values())
    return [name for name, (_, message) in cases.items() if sum(message in error for error in errors) < desired[message]]


def test_the_aws_module_refuses_each_of_them(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "modules" / "aws", tmp_path / "reusable")
    refused, place = joined(SHARED, AWS), {"vpc_id": "vpc-0a1b2c3d4e5f60718"}
    unknown = administrators(security_groups={"d": ONE, "e": ONE, "f": "${terraform_data.unknown.output}"})
    provider = {
        "region": "eu-central-1",
        "access_key": "testing",
        "secret_key": "testing",
        "skip_credentials_validation": True,
        "skip_requesting_account_id": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
    }
    root = {
        "provider": {"aws": provider},
        "resource": {"terraform_data": {"unknown": {"input": "sg-0123456789abcdef7"}}},
        "module": {
            **blocks_of(tmp_path, "aws", refused, **place),
            "beside_an_unknown_id": {"source": "./reusable", "name": "unknown", **BASE, **place, **unknown},
        },
    }
    (tmp_path / "main.tf.json").write_text(json.dumps(root))
    terraform = Terraform(tmp_path, {})
    terraform("init")
    known = "peers have one id under two keys (management/tcp-22-from-sg-e)"
    assert missing_errors(terraform, {**refused, "beside_an_unknown_id": {"one_id_under_two_keys": ({}, known)}}) == []


def test_the_azure_module_refuses_each_of_them(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "modules" / "azure", tmp_path / "reusable")
    refused = joined(SHARED, AZURE)
    made = blocks_of(tmp_path, "azure", refused, resource_group_name="rg-mail", location="westeurope")
    root = {"provider": {"azurerm": {"features": {}}}, "module": made}
    (tmp_path / "main.tf.json").write_text(json.dumps(root))
    listed_modules(tmp_path, dict.fromkeys(made, "./reusable"))
    assert missing_errors(AzureTerraform(tmp_path, tmp_path / "plugins"), refused) == []
