"""Security groups of the AWS provider in a Terraform plan or state, with inline, standalone and legacy rules.

What is known only after apply is listed and not judged. A group's id that is not known yet is found through the
configuration: by the only group that the expression names, or, among groups that esacloud made, by the rule's own key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from esacloud.aws.inventory.describe import statement
from esacloud.aws.ip_permissions import REFERENCED, SOURCES, DescribedRule
from esacloud.aws.model import DIRECTIONS, SourceKind
from esacloud.packets.sets import Direction
from esacloud.policy.actual import DEPLOYMENT_TAG, INTERFACE_TAG, ActualGroup, ActualGroups
from esacloud.policy.model import Statement
from esacloud.terraform.show import Resource, is_shown, resources

_GROUPS = ("aws_security_group", "aws_default_security_group")
_RULES: dict[str, Direction] = {
    "aws_vpc_security_group_ingress_rule": "ingress",
    "aws_vpc_security_group_egress_rule": "egress",
}
_OLD_RULE = "aws_security_group_rule"
_LISTS: tuple[tuple[str, SourceKind], ...] = (
    ("cidr_blocks", "cidr_ipv4"),
    ("ipv6_cidr_blocks", "cidr_ipv6"),
    ("prefix_list_ids", "prefix_list_id"),
    ("security_groups", REFERENCED),
)
_ATTACHED = {"aws_network_interface": "security_groups", "aws_instance": "vpc_security_group_ids"}


def read(document: Any) -> ActualGroups | None:
    """The AWS groups of `terraform show -json`, or None where it has none."""
    if not is_shown(document):
        return None
    found = [item for item in resources(document) if item.type in (*_GROUPS, *_RULES, _OLD_RULE, *_ATTACHED)]
    if not any(item.type in (*_GROUPS, *_RULES, _OLD_RULE) for item in found):
        return None
    return _Reader(found).groups()


class _Reader:
    def __init__(self, found: Iterable[Resource]) -> None:
        self.found = list(found)
        self.made = [item for item in self.found if item.type in _GROUPS]
        self.by_id = {item.values["id"]: item.address for item in self.made if item.values.get("id")}
        self.id_of = {address: name for name, address in self.by_id.items()}
        self.rules: dict[str, list[Statement]] = {}
        self.unknown: dict[str, list[str]] = {}

    def groups(self) -> ActualGroups:
        for item in self.found:
            if item.type in _GROUPS:
                self.inline(item)
            elif item.type in _RULES:
                self.standalone(item)
            elif item.type == _OLD_RULE:
                self.old(item)
        described = {item.address: item for item in self.made}
        names = [*described, *(name for name in self.rules | self.unknown if name not in described)]
        groups = tuple(self.group(name, described.get(name)) for name in names)
        attached = {
            item.address: tuple(self.by_id.get(name, name) for name in item.values.get(_ATTACHED[item.type]) or ())
            for item in self.found
            if item.type in _ATTACHED
        }
        return ActualGroups("aws", groups, "any", {name: ids for name, ids in attached.items() if ids})

    def group(self, name: str, item: Resource | None) -> ActualGroup:
        values: Mapping[str, Any] = item.values if item is not None else {}
        tags = values.get("tags_all") or values.get("tags") or {}
        return ActualGroup(
            name,
            str(values.get("name") or values.get("id") or ""),
            tuple(self.rules.get(name, ())),
            tuple(self.unknown.get(name, ())),
            tags.get(INTERFACE_TAG),
            tags.get(DEPLOYMENT_TAG),
        )

    def inline(self, item: Resource) -> None:
        for direction in DIRECTIONS:
            if direction in item.unknown and (direction in item.references or not item.references):
                self.say(item.address, f"{item.address}.{direction}: known after apply, as a whole or in part")
            for number, row in enumerate(item.values.get(direction) or ()):
                self.row(item.address, f"{item.address}.{direction}[{number}]", direction, row)

    def standalone(self, item: Resource) -> None:
        values, group = item.values, self.group_of(item)
        self.gaps(group, item, ("ip_protocol", "from_port", "to_port", *SOURCES))
        for kind in SOURCES:
            if values.get(kind):
                self.add(group, item.address, _RULES[item.type], values, kind, values[kind])

    def old(self, item: Resource) -> None:
        group, direction = self.group_of(item), item.values.get("type")
        if direction not in ("ingress", "egress"):
            self.say(group, f"{item.address}: its direction is not known")
            return
        row = {**item.values, "security_groups": [item.values.get("source_security_group_id")]}
        self.gaps(group, item, ("protocol", "from_port", "to_port", *dict(_LISTS), "source_security_group_id"))
        self.row(group, item.address, direction, row)

    def row(self, group: str, label: str, direction: Direction, row: Mapping[str, Any]) -> None:
        """An inline block or an older rule, which hold lists."""
        for name, kind in _LISTS:
            for source in filter(None, row.get(name) or ()):
                self.add(group, label, direction, row, kind, source)
        if row.get("self") is True:
            self.add(group, label, direction, row, "self", "")

    def add(
        self, group: str, label: str, direction: Direction, values: Mapping[str, Any], kind: SourceKind, source: Any
    ) -> None:
        protocol = values.get("ip_protocol", values.get("protocol"))
        ports = values.get("from_port"), values.get("to_port")
        if str(protocol).lower() in ("-1", "all"):
            protocol, ports = "-1", (None, None)  # the provider writes 0 and 0 there
        rule = DescribedRule(label, direction, None if protocol is None else str(protocol), ports, kind, str(source))
        try:
            made = statement(rule, self.id_of.get(group, group))
        except ValueError as error:
            self.say(group, f"{label}: {error}")
        else:
            self.rules.setdefault(group, []).append(made)

    def gaps(self, group: str, item: Resource, names: Iterable[str]) -> None:
        """List what is known only after apply; a reference to a group of the same plan is known by its address."""
        for name in sorted(item.unknown.intersection(names)):
            target = self.named_by(item, name) if name == REFERENCED else None
            if target is None:
                self.say(group, f"{item.address}.{name}: known after apply")
            else:
                kind: SourceKind = "self" if target == group else REFERENCED
                self.add(group, item.address, _RULES[item.type], item.values, kind, target)

    def group_of(self, item: Resource) -> str:
        """The address of the rule's group, or its id where the group is not in the document."""
        given = item.values.get("security_group_id")
        if given:
            return str(self.by_id.get(given, given))
        return self.named_by(item, "security_group_id") or f"{item.base}: a group known after apply"

    def named_by(self, item: Resource, argument: str) -> str | None:
        """The group in the document that the argument's expression names; None where it names none or several."""
        references = set(item.references.get(argument, ()))
        candidates = [made for made in self.made if made.base in references or made.address in references]
        if len(candidates) == 1:
            return candidates[0].address
        ours = [made for made in candidates if (made.values.get("tags") or {}).get(INTERFACE_TAG)]
        if ours and len(ours) == len(candidates) and isinstance(item.key, str):
            interface, _, rest = item.key.partition("/")  # esacloud's keys: interface/what-from-whom
            if argument == "security_group_id" or rest.endswith("-self"):
                return next((made.address for made in ours if made.key == interface), None)
        return None

    def say(self, group: str, sentence: str) -> None:
        self.unknown.setdefault(group, []).append(sentence)
