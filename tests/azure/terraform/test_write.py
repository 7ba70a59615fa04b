"""The documents of a module, and their evaluation when they are read back."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from support.azure import deployment, flow, policy

from esacloud.azure.lower import lower
from esacloud.azure.terraform.read import read_back
from esacloud.azure.terraform.write import MAIN, OUTPUTS, VARIABLES, VERSIONS, default_prefix, documents
from esacloud.policy.packets import packets_by_interface
from esacloud.terraform.layout import documents_of, render

MAIL = policy(
    flow("tcp/25 ingress 0.0.0.0/0", rows=(6,)),
    flow("udp/53 egress 10.0.0.2", rows=(7,)),
    flow("udp/53 egress 10.0.0.3", rows=(7,)),
    flow("tcp/80 egress 10.0.0.2", rows=(9,)),
    flow("tcp/443 egress 10.0.0.2", rows=(9,)),
    flow("tcp/22 ingress self", rows=(2,)),
    flow("tcp/22 ingress asg-admins", rows=(2,)),
    flow("tcp/443 egress Storage.WestEurope", rows=(40,)),
)
HERE = deployment(tags={"owner": "me", "odd": "${file(1)}"})
MADE = documents(lower(MAIL, HERE), HERE)
RULES = (MAIN, "locals", "security_rules")
DNS, SMTP, SSH, TAG = (
    f"data1/{name}"
    for name in (
        "out-udp-53-ipv4-row-7",
        "in-tcp-25-any-ipv4",
        "in-tcp-22-groups-row-2",
        "out-tcp-Storage.WestEurope-row-40",
    )
)
NSG = (MAIN, "resource", "azurerm_network_security_group", "this")


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The documents with one value replaced, or removed where `to` is ...; a new key is added."""
    found: Any = copy.deepcopy(dict(MADE))
    place = found
    for key in path[:-1]:
        place = place[key]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return dict(found)


def test_what_is_written_is_read_back_without_a_word_and_permits_the_policy() -> None:
    back = read_back(documents_of({name: render(document) for name, document in MADE.items()}))
    assert back.deviations == ()
    assert back.packets == packets_by_interface(MAIL)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ((*RULES, DNS, "destination_port_range"), "54"),
        ((*RULES, DNS, "destination_address_prefixes"), ["10.0.0.2/32"]),
        ((*RULES, DNS, "destination_address_prefixes"), ["10.0.0.2/32", "10.0.0.3/32", "10.0.0.4/32"]),
        ((*RULES, DNS, "protocol"), "Tcp"),
        ((*RULES, DNS, "source_port_range"), "53"),
        ((*RULES, SMTP, "source_address_prefix"), "*"),
        ((*RULES, TAG, "destination_address_prefix"), "Storage"),
        ((*RULES, SSH, "source_application_security_groups"), ["self"]),
        ((*RULES, SMTP, "direction"), "Outbound"),
        ((*RULES, DNS), ...),
    ],
)
def test_a_changed_rule_is_no_longer_equal(path: tuple[Any, ...], to: Any) -> None:
    back = read_back(changed(*path, to=to))
    assert back.packets != packets_by_interface(MAIL)


def test_without_the_rule_that_denies_the_rest_the_default_rules_show() -> None:
    back = read_back(changed(*RULES, "data1/out-deny-all-else", to=...))
    extra = back.packets["data1"] - packets_by_interface(MAIL)["data1"]
    assert extra.address_spaces() == {"service_tag:Internet", "service_tag:VirtualNetwork"}


@pytest.mark.parametrize(
    ("path", "to", "message"),
    [
        ((*RULES, DNS, "destination_port_range"), "70000", "not a rule that Azure accepts: '70000'"),
        ((*RULES, DNS, "destination_port_range"), 53, "has a destination_port_range that is not a text"),
        (
            (*RULES, DNS, "destination_port_ranges"),
            ["53"],
            "needs either destination_port_range or destination_port_ranges",
        ),
        ((*RULES, DNS, "destination_address_prefix"), "10.0.0.1/32", "needs either destination_address_prefix"),
        (
            (*RULES, DNS, "destination_address_prefixes"),
            ["dns.example.com", "10.0.0.1"],
            "is not a CIDR block or a service tag",
        ),
        ((*RULES, DNS, "destination_address_prefixes"), ["Internet", "10.0.0.1"], "a service tag or `*` only by itself"),
        ((*RULES, DNS, "destination_address_prefixes"), ["10.0.0.0/8", "10.0.0.1"], "overlapping networks"),
        ((*RULES, DNS, "destination_address_prefixes"), ["10.0.0.0/8", "::1"], "both IPv4 and IPv6 networks"),
        ((*RULES, DNS, "destination_address_prefixes"), "${var.more}", "that are not a list"),
        ((*RULES, DNS, "destination_address_prefixes"), ["${var.more}"], "that is not a text"),
        ((*RULES, DNS, "source_address_prefix"), "10.0.0.9/32", "the local side"),
        ((*RULES, DNS, "access"), "Deny", "denies only a part"),
        ((*RULES, DNS, "priority"), True, "has a priority that is not a whole number"),
        ((*RULES, DNS, "priority"), 99, "has the priority 99"),
        (
            (*RULES, DNS, "priority"),
            MADE[MAIN]["locals"]["security_rules"][TAG]["priority"],
            "which has the same direction",
        ),
        ((*RULES, DNS, "name"), "other", "is not the key of its own group and name"),
        ((*RULES, DNS, "group"), "data2", "does not name a group of this module"),
        ((*RULES, DNS, "description"), "x" * 141, "a description of at most 140"),
        ((*RULES, DNS, "description"), "${file(1)}", "has a description that is not a text"),
        ((*RULES, DNS, "flush_connection"), True, "has the unknown key flush_connection"),
        ((*RULES, SSH, "source_application_security_groups"), ["asg admins"], "which is not an application security group"),
        ((*RULES, SSH, "source_application_security_groups"), ["self", "self"], "application security group twice"),
        ((*RULES, "data1/more"), [], "is not a table row"),
        ((MAIN, "locals", "security_rules"), "${local.others}", "is not a table"),
        ((MAIN, "locals", "groups"), {}, "does not name a group of this module"),
        ((MAIN, "locals", "groups", "data1", "members"), False, "locals.groups.data1.members"),
        ((MAIN, "locals", "more"), 1, "locals.more is not written by esacloud"),
        ((MAIN, "locals", "subnets"), {}, "locals.subnets"),
        ((MAIN, "locals", "tags", "owner"), "${file(1)}", "locals.tags.owner"),
        ((*NSG, "dynamic", "security_rule", "content", "access"), "Allow", "content.access"),
        ((*NSG, "dynamic", "security_rule", "for_each"), [], "for_each"),
        ((*NSG, "count"), 0, "count is not written by esacloud"),
        ((MAIN, "resource", "azurerm_network_security_rule"), {}, "azurerm_network_security_rule is not written"),
        ((MAIN, "module"), {}, "module is not written by esacloud"),
        ((OUTPUTS, "output"), {}, "is missing"),
        ((VERSIONS, "terraform", "required_providers", "azurerm", "source"), "else/azurerm", "source"),
        ((VARIABLES, "variable", "location", "default"), "West Europe", "variable.location.default"),
        (("more.tf.json",), {}, "esacloud does not write this file"),
        ((VERSIONS,), ..., "The file is missing"),
        ((MAIN,), ..., "The file is missing"),
    ],
)
def test_what_esacloud_does_not_write_is_a_deviation(path: tuple[Any, ...], to: Any, message: str) -> None:
    assert message in "\n".join(read_back(changed(*path, to=to)).deviations)


def test_another_default_of_a_variable_that_azure_takes_is_none() -> None:
    assert read_back(changed(VARIABLES, "variable", "location", "default", to="northeurope")).deviations == ()


def test_nothing_at_all_is_read_as_a_module_without_files() -> None:
    assert len(read_back({}).deviations) >= 4


def test_a_prefix_is_made_of_the_deployments_name() -> None:
    assert default_prefix("mail-edge-1") == "mail-edge-1-"
    assert default_prefix("x" * 63) == "x" * 59 + "-"
