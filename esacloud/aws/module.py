"""What AWS adds to the reusable module: how its peers are written, and the way from flows to security group rules.

Groups, rules and their keys are those of `terraform.py`, so that a configuration can change from a generated module to the
reusable one and back without a rule being made anew. What `lower.py` merges and splits, this refuses: a quota is counted
in a precondition.
"""

from __future__ import annotations

from typing import Any

from esacloud.aws.limits import FIXED, QUOTAS
from esacloud.aws.module_resources import MODULE_RESOURCES, OUTPUTS
from esacloud.aws.module_rules import rule_locals
from esacloud.aws.module_tests import IDS, PLACE, RUNS, SMALL_KEYS, STABLE, TESTED
from esacloud.aws.terraform.write import LONGEST_PREFIX, VERSIONS_DOCUMENT

TITLE = "AWS"
GROUPS = "security groups"
PROVIDER = "aws"
DOCS = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources"
MORE = """\
- **The same addresses as a generated module**: groups, rules and keys are those of `esacloud generate`, so that a call of
  one can take the place of the other without a rule being made anew, as long as the generated one has not merged or split.
"""
EXAMPLE = """\
module "gateway" {
  source = "./modules/aws"

  vpc_id  = aws_vpc.mail.id
  name    = "mail-edge-1"
  release = "15.5"

  features = {
    management = { admin-cli = {}, admin-gui = {}, dns = {}, ntp = {}, syslog = { transport = "tcp" }, updates = {} }
    data1      = { mail = {} }
  }

  peers = {
    administrators = { networks = ["10.20.0.0/24"] }
    dns-servers    = { networks = ["10.0.0.2", "fd12:3456:789a::2"] }
    ntp-servers    = { networks = ["10.0.0.3"] }
    syslog-servers = { security_groups = { collectors = aws_security_group.collectors.id } }
  }

  hostnames_open = true # the vendor names its update servers by name alone
}"""
ONLY_AS_WIDER = True
VERSIONS: dict[str, Any] = {
    "terraform": {**VERSIONS_DOCUMENT["terraform"], "required_version": ">= 1.5.0"},
}
COMMENT = [
    "rules: the security group rules, each with everything that asks for it. quotas: what they use of EC2's quotas.",
    "spans, words, full, shortened: what descriptions are made of; at most 255 characters, table rows before all else.",
]

PEER = {
    "networks": ("optional(list(string), [])", "IPv4 and IPv6 networks or addresses; `any` is every address"),
    "security_groups": ("optional(map(string), {})", "security groups: a name of your own => id"),
    "prefix_lists": (
        "optional(map(object({id = string, max_entries = number, family = optional(string)})), {})",
        "prefix lists: a name of your own => id, its maximum of entries, and its family where it has one (ipv4 or ipv6)",
    ),
    "self": ("optional(bool, false)", "the other gateways with the same group"),
    "hostnames": ("optional(list(string), [])", "DNS names; opened to any address, and only with `hostnames_open`"),
}

REFERENCES = (
    "[for key in keys(peer.security_groups) : "
    '{kind = "referenced_security_group_id", key = key, ref = "${name}/${key}", families = ["ipv4", "ipv6"],'
    " prefix = null, names = []}],"
    ' [for key, list in peer.prefix_lists : {kind = "prefix_list_id", key = key, ref = "${name}/${key}",'
    ' families = list.family == null ? ["ipv4", "ipv6"] : [list.family], prefix = null, names = []}],'
    ' [for self in [peer.self] : {kind = "self", key = "self", ref = "", families = ["ipv4", "ipv6"], prefix = null,'
    " names = []} if self]"
)
# Where the ids are: peer/name of the user's own => id and what it counts.
_IDS = (
    "${merge(concat([for name, peer in local.peers : {for key, id in peer.security_groups :"
    ' "${name}/${key}" => {id = id, size = 1}}], [for name, peer in local.peers : {for key, list in peer.prefix_lists :'
    ' "${name}/${key}" => {id = list.id, size = list.max_entries}}])...)}'
)

PUBLIC_KEYS: tuple[str, ...] = ()  # who is in a group or a prefix list cannot be seen

PEER_CHECKS = (
    (
        '[for name, id in peer.security_groups : name if !can(regex("^([0-9]{12}/)?sg-[0-9a-f]+$", id))]',
        "is no id of a security group (one is like sg-0123456789abcdef0)",
    ),
    (
        '[for name, list in peer.prefix_lists : name if !can(regex("^pl-[0-9a-f]+$", list.id))]',
        "is no id of a prefix list (one is like pl-0123456789abcdef0)",
    ),
    (
        "[for name, list in peer.prefix_lists : name if list.max_entries < 1"
        f" || list.max_entries > {FIXED['prefix_list_entries']}"
        ' || !contains(["ipv4", "ipv6"], list.family == null ? "ipv4" : list.family)]',
        f"is a prefix list without a max_entries from 1 to {FIXED['prefix_list_entries']}, or of another family than ipv4"
        " or ipv6",
    ),
)


def variables() -> dict[str, Any]:
    """The inputs that only AWS has: those of place first."""
    default, lowest, highest = QUOTAS["rules_per_group"]
    return {
        "vpc_id": {
            "description": "The VPC in which the security groups are made.",
            "type": "string",
            "nullable": False,
            "validation": [
                {
                    "condition": '${can(regex("^vpc-[0-9a-f]+$", var.vpc_id))}',
                    "error_message": "vpc_id must be the id of a VPC, like vpc-0a1b2c3d4e5f60718.",
                }
            ],
        },
        "rules_per_group": {
            "description": "EC2's quota of inbound, and as many outbound, rules of one security group and address family.",
            "type": "number",
            "default": default,
            "nullable": False,
            "validation": [
                {
                    "condition": f"${{var.rules_per_group >= {lowest} && var.rules_per_group <= {highest}}}",
                    "error_message": f"rules_per_group must be what AWS grants: from {lowest} to {highest}.",
                }
            ],
        },
    }


NAME_PREFIX = {
    "condition": f'${{length(coalesce(var.name_prefix, "x")) <= {LONGEST_PREFIX}'
    ' && can(regex("^[]a-zA-Z0-9 ._:/()#,@[+=&;{}!$*-]*$", coalesce(var.name_prefix, "x")))'
    ' && !can(regex("^sg-", lower(coalesce(var.name_prefix, "x"))))}',
    "error_message": f"name_prefix must have at most {LONGEST_PREFIX} characters, only those that EC2 allows in the name"
    " of a security group, and must not start with sg-.",
}
NAME = {
    "condition": '${can(regex("^[a-zA-Z0-9 ._:/()#,@+=;{}!$*-]{1,100}$", var.name))'
    ' && !can(regex("^sg-", lower(var.name)))}',
    "error_message": "name must have 1 to 100 characters, only those that EC2 allows in the name of a security group,"
    " and must not start with sg-.",
}
TAGS = {
    "condition": '${alltrue([for key in keys(var.tags) : !can(regex("^aws:", lower(key)))])'
    f" && length(var.tags) <= {FIXED['tags']}}}",
    "error_message": f"There may be {FIXED['tags']} tags, and no key may start with aws:, which AWS keeps for itself.",
}


def locals_() -> dict[str, Any]:
    """The expressions after the flows."""
    return {
        "deployment": "${var.name}",
        "tags": {},
        "name_prefix": f'${{coalesce(var.name_prefix, "${{substr(var.name, 0, {LONGEST_PREFIX - 1})}}-")}}',
        "groups": "${{for interface in keys(var.features) : interface => {interface = interface,"
        ' description = "Interface ${interface} of ${var.name}, made by esacloud"}}}',
        "ids": _IDS,
        **rule_locals(),
        "ingress_rules": _table("ingress"),
        "egress_rules": _table("egress"),
        "quotas": "${{for interface in keys(var.features) : interface => [for counted in"
        ' setproduct(["ingress", "egress"], ["ipv4", "ipv6"]) : {what = "${interface}: ${counted[0]}bound'
        ' ${counted[1] == "ipv4" ? "IPv4" : "IPv6"} rules", used = sum(concat([0], [for rule in values(local.rules) :'
        " try(local.ids[rule.far.ref].size, 1) if rule.group == interface && rule.direction == counted[0]"
        " && contains(rule.far.families, counted[1])])), limit = var.rules_per_group}]}}",
    }


def _table(direction: str) -> str:
    return (
        "${{for key, rule in local.rules : key => {group = rule.group, ip_protocol = rule.ip_protocol,"
        " from_port = rule.from_port, to_port = rule.to_port, description = local.descriptions[key], rows = rule.rows,"
        " entries = rule.entries,"
        ' cidr_ipv4 = rule.far.kind == "network" && rule.far.families[0] == "ipv4" ? rule.far.key : null,'
        ' cidr_ipv6 = rule.far.kind == "network" && rule.far.families[0] == "ipv6" ? rule.far.key : null,'
        ' prefix_list_id = rule.far.kind == "prefix_list_id" ? local.ids[rule.far.ref].id : null,'
        ' referenced_security_group_id = rule.far.kind == "referenced_security_group_id" ?'
        " local.ids[rule.far.ref].id : null,"
        f' self = rule.far.kind == "self"}} if rule.direction == "{direction}"}}}}'
    )


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
