"""What Azure adds to the reusable module: how its peers are written, and its resources, which are those of `terraform.py`.

What `lower.py` merges where a limit is reached, this refuses: limits and priorities are checked in preconditions.
"""

from __future__ import annotations

from typing import Any

from esacloud.azure.dialect import APPLICATION_SECURITY_GROUP_PATTERN
from esacloud.azure.dialect import NAME_PREFIX as PREFIX
from esacloud.azure.limits import QUOTAS
from esacloud.azure.limits import TAGS as MOST_TAGS
from esacloud.azure.model import PUBLIC_ADDRESS_SPACES
from esacloud.azure.module_resources import MODULE_RESOURCES, OUTPUTS
from esacloud.azure.module_rules import rule_locals
from esacloud.azure.module_tests import IDS, PLACE, RUNS, SMALL_KEYS, STABLE, TESTED
from esacloud.azure.terraform.write import LONGEST_PREFIX

TITLE, GROUPS, PROVIDER = "Azure", "network security groups", "azurerm"
DOCS = "https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs/resources"
ONLY_AS_WIDER = False
VERSIONS: dict[str, Any] = {
    "terraform": {
        "required_version": ">= 1.5.0",
        "required_providers": {"azurerm": {"source": "hashicorp/azurerm", "version": ">= 4.0.0, < 6.0.0"}},
    }
}
COMMENT = [
    "told: flows of the same packets made one, that cites all. served, probes: a load balancer's health probes.",
    "grouped, members_of, sets, shapes: flows that one security rule holds; named, allowed: those rules with their names.",
    "digests, placed_0 to placed_7: priorities drawn from the names, in rounds; unplaced: who got none.",
    "spans, row_texts, begun, full: what descriptions are made of; at most 140 characters, table rows before all else.",
    "security_rules: every rule in the provider's words. quotas: what they use of Azure's limits.",
]
MORE = """\
- **Every group ends in two rules that deny the rest**, because Azure's default rules let in the virtual network and let out
  to the Internet. Rules are inline: the provider sees what others added, and a group changes in one request.
- **Priorities stay.** Each comes from the rule's name; a new rule moves another only where both wish for one number.
- **Associations of your own need `depends_on = [module.gateway]`** where they are of the same network interface: a load
  balancer's backend pool, a NAT rule, another application security group. Version 5 of the provider loses one of two that
  it writes at the same time; this module writes its own one after the other.
- Version 4 and 5 of the provider want `provider "azurerm" { features {} }` in the configuration that calls this module.
"""
EXAMPLE = """\
module "gateway" {
  source = "./modules/azure"

  resource_group_name = local.resource_group
  location            = local.location
  name                = "mail-edge-1"
  release             = "15.5"

  features = {
    management = { admin-cli = {}, admin-gui = {}, cluster = {}, dns = {}, ntp = {}, syslog = { transport = "tcp" } }
    data1      = { mail = {} }
  }

  peers = {
    administrators  = { networks = ["10.20.0.0/24"] }
    cluster-members = { self = true }
    dns-servers     = { networks = ["10.0.0.2", "fd12:3456:789a::2"] }
    ntp-servers     = { networks = ["10.0.0.3"] }
    syslog-servers  = { application_security_groups = { collectors = azurerm_application_security_group.collectors.id } }
  }

  load_balancer = true # its health probes reach the TCP ports that an interface serves

  network_interface_ids = { management = var.management_network_interface_ids }
}"""

PEER = {
    "networks": ("optional(list(string), [])", "IPv4 and IPv6 networks or addresses; `any` is every address"),
    "application_security_groups": (
        "optional(map(string), {})",
        "application security groups: a name of your own => ARM id, or the name in the module's resource group",
    ),
    "service_tags": ("optional(list(string), [])", "service tags, as `AzureMonitor`"),
    "self": ("optional(bool, false)", "the other gateways: members of the group that the module makes"),
    "hostnames": ("optional(list(string), [])", "DNS names; opened to any address, and only with `hostnames_open`"),
}
REFERENCES = (
    "[for key in keys(peer.application_security_groups) :"
    ' {kind = "application_security_group", key = key, ref = "${name}/${key}", families = ["ipv4", "ipv6"],'
    " prefix = null, names = []}],"
    ' [for tag in distinct(peer.service_tags) : {kind = "service_tag", key = tag, ref = "", families = ["ipv4", "ipv6"],'
    " prefix = null, names = []}],"
    ' [for self in [peer.self] : {kind = "self", key = "self", ref = "", families = ["ipv4", "ipv6"], prefix = null,'
    " names = []} if self]"
)
PUBLIC_KEYS = tuple(sorted(address_space.partition(":")[2] for address_space in PUBLIC_ADDRESS_SPACES))
_GROUP = APPLICATION_SECURITY_GROUP_PATTERN.replace("(?!self$)", "").replace("\\", "\\\\")
PEER_CHECKS = (
    (
        f'[for name, id in peer.application_security_groups : name if id == "self" || !can(regex("{_GROUP}", id))]',
        "is no name or ARM id of an application security group",
    ),
    (
        '[for tag in peer.service_tags : tag if !can(regex("^[A-Z][A-Za-z0-9]{1,63}(\\\\.[A-Z][A-Za-z0-9]{1,63})?$",'
        " tag))]",
        "is no service tag (one is like AzureMonitor or Storage.WestEurope)",
    ),
)
NAME = {
    "condition": '${can(regex("^[A-Za-z0-9][A-Za-z0-9_.-]{0,57}$", var.name))}',
    "error_message": "name must have 1 to 58 letters, digits, hyphens, underscores and full stops, a letter or digit"
    " first.",
}
NAME_PREFIX = {
    "condition": f'${{can(regex("^{PREFIX}$", coalesce(var.name_prefix, "x")))}}',
    "error_message": f"name_prefix must have at most {LONGEST_PREFIX} letters, digits, hyphens, underscores and full stops,"
    " a letter or digit first.",
}
TAGS = {
    "condition": f"${{length(var.tags) <= {MOST_TAGS - 2} && alltrue([for key in keys(var.tags) :"
    ' can(regex("^[^<>%&\\\\\\\\?/]{1,512}$", key))])}',
    "error_message": f"There may be {MOST_TAGS - 2} tags, with keys of 1 to 512 characters without < > % & \\ ? and /.",
}
_LIMITS = {
    "rules_per_group": "Azure's limit of rules in one network security group, both directions together.",
    "addresses_per_group": "Azure's limit of addresses in all rules of one group, sources and destinations apart.",
    "first_priority": "The lowest number among the priorities that rules may take.",
    "last_priority": "The highest number among the priorities that rules may take.",
}


def variables() -> dict[str, Any]:
    """The inputs that only Azure has: those of place first."""
    return {
        "resource_group_name": _place("The resource group in which everything is made."),
        "location": _place("The region in which everything is made."),
        "subscription_id": {
            "description": "The subscription of application security groups that peers name without their id.",
            "type": "string",
            "default": None,
        },
        "load_balancer": {
            "description": "Whether a load balancer stands before the interfaces: its probes then reach the TCP ports they"
            " serve.",
            "type": "bool",
            "default": False,
            "nullable": False,
        },
        "subnet_ids": _attached("Subnets"),
        "network_interface_ids": _attached("Network interfaces"),
        **{name: _limit(name, what) for name, what in _LIMITS.items()},
    }


def _place(what: str) -> dict[str, Any]:
    return {"description": what, "type": "string", "nullable": False}


def _attached(what: str) -> dict[str, Any]:
    return {
        "description": f"{what} that get the group of an interface: interface => a name of your own => id.",
        "type": "map(map(string))",
        "default": {},
        "nullable": False,
    }


def _limit(name: str, what: str) -> dict[str, Any]:
    default, lowest, highest = QUOTAS[name]
    return {
        "description": what,
        "type": "number",
        "default": default,
        "nullable": False,
        "validation": [
            {
                "condition": f"${{var.{name} >= {lowest} && var.{name} <= {highest}}}",
                "error_message": f"{name} must be from {lowest} to {highest}.",
            }
        ],
    }


def locals_() -> dict[str, Any]:
    """The expressions after the flows."""
    return {
        "deployment": "${var.name}",
        "name_prefix": '${coalesce(var.name_prefix, "${var.name}-")}',
        "ids": "${merge([for name, peer in local.peers : {for key, id in peer.application_security_groups :"
        ' "${name}/${key}" => id}]...)}',
        **rule_locals(),
        "groups": "${{for interface in keys(var.features) : interface => {members = anytrue([for rule in"
        " values(local.allowed) : rule.self if rule.interface == interface])}}}",
        "quotas": _quotas(),
        **{
            name: f"${{merge([for interface, ids in var.{variable} :"
            ' {for name, id in ids : "${interface}/${name}" => {interface = interface, id = id}}]...)}'
            for name, variable in (("subnets", "subnet_ids"), ("network_interfaces", "network_interface_ids"))
        },
    }


def _quotas() -> str:
    rules = "[for rule in values(local.security_rules) : rule if rule.group == interface]"
    per_rule, per_group = (QUOTAS[f"application_security_groups_per_{what}"][0] for what in ("rule", "group"))

    def addresses(side: str) -> str:
        counted = (
            f"""coalesce(rule.{side}_address_prefix, "*") != "*" ? 1 : length(coalesce(rule.{side}_address_prefixes, []))"""
        )
        return f"sum(concat([0], [for rule in {rules} : {counted}]))"

    def groups(rule: str) -> str:
        return f"length({rule}.source_application_security_groups) + length({rule}.destination_application_security_groups)"

    uses = [
        ("rules", f"length({rules})", "var.rules_per_group"),
        ("source addresses", addresses("source"), "var.addresses_per_group"),
        ("destination addresses", addresses("destination"), "var.addresses_per_group"),
        (
            "application security groups of one rule",
            f"max(concat([0], [for rule in {rules} : {groups('rule')}])...)",
            per_rule,
        ),
        (
            "application security groups",
            'length(distinct(flatten([for rule in values(local.allowed) : concat(rule.refs, rule.self ? ["self"] : [])'
            " if rule.interface == interface])))",
            per_group,
        ),
    ]
    made = ", ".join(f'{{what = "${{interface}}: {what}", used = {used}, limit = {limit}}}' for what, used, limit in uses)
    return f"${{{{for interface in keys(var.features) : interface => [{made}]}}}}"


__all__ = [
    "COMMENT",
    "DOCS",
    "EXAMPLE",
    "GROUPS",
    "IDS",
    "MODULE_RESOURCES",
    "MORE",
    "NAME",
    "NAME_PREFIX",
    "ONLY_AS_WIDER",
    "OUTPUTS",
    "PEER",
    "PEER_CHECKS",
    "PLACE",
    "PROVIDER",
    "PUBLIC_KEYS",
    "REFERENCES",
    "RUNS",
    "SMALL_KEYS",
    "STABLE",
    "TAGS",
    "TESTED",
    "TITLE",
    "VERSIONS",
    "locals_",
    "variables",
]
