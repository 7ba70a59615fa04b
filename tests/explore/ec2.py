"""An EC2 in memory, for the explorer only: an immutable account, and calls that make another one of it.

Every call is atomic, as EC2's security group calls are documented to be. `call(account, operation, parameters)` answers as
boto3 does and raises `Refused` with EC2's code. Nothing here reads a clock, and ids follow from what was made before, so
that the same calls always lead to the same account.

Sources: the API reference of each operation, https://docs.aws.amazon.com/AWSEC2/latest/APIReference/, the list of error
codes there (errors-overview.html), and https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network
from typing import Any, NamedTuple

OWNER = "123456789012"
_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_NAMES = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_LISTS = (
    ("IpRanges", "CidrIp", "ipv4"),
    ("Ipv6Ranges", "CidrIpv6", "ipv6"),
    ("PrefixListIds", "PrefixListId", "list"),
    ("UserIdGroupPairs", "GroupId", "group"),
)
_REQUESTED = {"CidrIpv4": "ipv4", "CidrIpv6": "ipv6", "PrefixListId": "list", "ReferencedGroupId": "group"}
Answer = dict[str, Any]
Key = tuple[bool, str, int | None, int | None, str, str]


class Refused(Exception):  # noqa: N818 - it says what EC2 did
    """EC2 refuses a call, with its own code."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


class Rule(NamedTuple):
    """One rule; `kind` is ipv4, ipv6, list or group, and `source` the network or the id."""

    egress: bool
    protocol: str
    first: int | None
    last: int | None
    kind: str
    source: str
    description: str = ""
    id: str = ""

    @property
    def key(self) -> Key:
        """What EC2 takes for the same rule, whatever its description is."""
        return self[:6]


class Group(NamedTuple):
    """One security group; tags and rules are sorted."""

    id: str
    name: str
    description: str
    tags: tuple[tuple[str, str], ...] = ()
    rules: tuple[Rule, ...] = ()


class PrefixList(NamedTuple):
    """A managed prefix list; EC2 does not say the weight of one of AWS's own (`owner` AWS)."""

    entries: int
    family: int = 4
    owner: str = OWNER


class Account(NamedTuple):
    """All that is in one VPC. `attached` has the ids of the groups on each network interface, in order."""

    vpc: str
    groups: tuple[Group, ...] = ()
    attached: tuple[tuple[str, tuple[str, ...]], ...] = ()
    lists: tuple[tuple[str, PrefixList], ...] = ()
    ipv6: bool = True
    rules_per_group: int = 60
    groups_per_interface: int = 5
    made: int = 0

    def group(self, group_id: str) -> Group:
        """The group of an id. Raises Refused."""
        for group in self.groups:
            if group.id == group_id:
                return group
        raise Refused("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")

    def with_group(self, group: Group) -> Account:
        """The account with a group in the place of the one with its id, or added."""
        others = [one for one in self.groups if one.id != group.id]
        return self._replace(groups=tuple(sorted([*others, group])))

    def with_attached(self, name: str, groups: Iterable[str]) -> Account:
        """The account with other groups on a network interface, or with that network interface."""
        others = [one for one in self.attached if one[0] != name]
        return self._replace(attached=tuple(sorted([*others, (name, tuple(groups))])))


def call(account: Account, operation: str, parameters: Mapping[str, Any]) -> tuple[Account, Answer]:
    """One call: the account afterwards, and the answer. Raises Refused, and then nothing has changed."""
    return OPERATIONS[operation](account, **parameters)


def reads(operation: str) -> bool:
    """Whether an operation changes nothing."""
    return operation.startswith("Describe")


def sorted_rules(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Rules in the one order that an account has them in."""
    return tuple(sorted(rules, key=lambda rule: tuple(map(str, rule))))


# Making and deleting groups


def create_security_group(
    account: Account,
    GroupName: str,  # noqa: N803 - EC2's own names, here and below
    Description: str,  # noqa: N803
    VpcId: str,  # noqa: N803
    TagSpecifications: Sequence[Mapping[str, Any]] = (),  # noqa: N803
) -> tuple[Account, Answer]:
    if VpcId != account.vpc:
        raise Refused("InvalidVpcID.NotFound", f"The vpc ID '{VpcId}' does not exist")
    for text, what in ((GroupName, "groupName"), (Description, "GroupDescription")):
        if not text or not _TEXT.fullmatch(text) or text.lower().startswith("sg-"):
            raise Refused("InvalidParameterValue", f"Value ({text}) for parameter {what} is invalid.")
    if any(group.name.lower() == GroupName.lower() for group in account.groups):
        message = f"The security group '{GroupName}' already exists for VPC '{VpcId}'"
        raise Refused("InvalidGroup.Duplicate", message)
    name = f"sg-{0xE5A0000000000 + account.made + 1:017x}"
    tags = {tag["Key"]: tag["Value"] for one in TagSpecifications for tag in one["Tags"]}
    families = (("ipv4", "0.0.0.0/0"), ("ipv6", "::/0"))[: 2 if account.ipv6 else 1]
    group = Group(name, GroupName, Description, tuple(sorted(tags.items())))
    for kind, everywhere in families:
        rule = Rule(True, "-1", None, None, kind, everywhere)
        group = group._replace(rules=sorted_rules([*group.rules, _with_id(group, rule)]))
    made = account.with_group(group)._replace(made=account.made + 1)
    return made, {"GroupId": name, "Tags": _tags(group)}


def delete_security_group(account: Account, GroupId: str) -> tuple[Account, Answer]:  # noqa: N803
    account.group(GroupId)
    attached = any(GroupId in groups for _, groups in account.attached)
    named = any(rule.source == GroupId for group in account.groups if group.id != GroupId for rule in group.rules)
    if attached or named:
        raise Refused("DependencyViolation", f"resource {GroupId} has a dependent object")
    left = tuple(group for group in account.groups if group.id != GroupId)
    return account._replace(groups=left), {"Return": True, "GroupId": GroupId}


def create_tags(
    account: Account,
    Resources: Sequence[str],  # noqa: N803
    Tags: Sequence[Mapping[str, str]],  # noqa: N803
) -> tuple[Account, Answer]:
    for name in Resources:
        group = account.group(name)
        tags = {**dict(group.tags), **{tag["Key"]: tag.get("Value", "") for tag in Tags}}
        account = account.with_group(group._replace(tags=tuple(sorted(tags.items()))))
    return account, {}


def delete_tags(
    account: Account,
    Resources: Sequence[str],  # noqa: N803
    Tags: Sequence[Mapping[str, str]] | None = None,  # noqa: N803
) -> tuple[Account, Answer]:
    """A tag that is named with a value goes only where it has that value; without any tag named all go."""
    for name in Resources:
        group = account.group(name)
        left = tuple(
            (key, value)
            for key, value in group.tags
            if Tags is not None and not any(tag["Key"] == key and tag.get("Value", value) == value for tag in Tags)
        )
        account = account.with_group(group._replace(tags=left))
    return account, {}


# Rules


def _authorize(account: Account, group_id: str, rules: list[Rule]) -> tuple[Account, Answer]:
    group = account.group(group_id)
    _check_sources(account, rules)
    there = {rule.key for rule in group.rules}
    for rule in rules:
        if rule.key in there:
            message = f'the specified rule "{_words(rule)}" already exists'
            raise Refused("InvalidPermission.Duplicate", message)
    for rule in rules:
        group = group._replace(rules=(*group.rules, _with_id(group, rule)))
    group = group._replace(rules=sorted_rules(group.rules))
    _check_quota(account, group, {rule.egress for rule in rules})
    added = {rule.key for rule in rules}
    described = [_rule_described(group, rule) for rule in group.rules if rule.key in added]
    return account.with_group(group), {"Return": True, "SecurityGroupRules": described}


def _revoke(account: Account, group_id: str, rules: list[Rule], ids: Sequence[str], egress: bool) -> tuple[Account, Answer]:
    group = account.group(group_id)
    going = {rule.key for rule in rules}
    there = {rule.id: rule for rule in group.rules if rule.egress == egress}
    for name in ids:
        if name not in there:
            raise Refused("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{name}' does not exist")
        going.add(there[name].key)
    if going - {rule.key for rule in group.rules}:
        message = "The specified rule does not exist in this security group."
        raise Refused("InvalidPermission.NotFound", message)
    left = tuple(rule for rule in group.rules if rule.key not in going)
    return account.with_group(group._replace(rules=left)), {"Return": True}


def _describe_anew(account: Account, group_id: str, rules: list[Rule], ids: Mapping[str, str]) -> tuple[Account, Answer]:
    group = account.group(group_id)
    texts = {rule.key: rule.description for rule in rules}
    if set(texts) - {rule.key for rule in group.rules} or set(ids) - {rule.id for rule in group.rules}:
        message = "The specified rule does not exist in this security group."
        raise Refused("InvalidPermission.NotFound", message)
    changed = [rule._replace(description=texts.get(rule.key, ids.get(rule.id, rule.description))) for rule in group.rules]
    return account.with_group(group._replace(rules=sorted_rules(changed))), {"Return": True}


def modify_security_group_rules(
    account: Account,
    GroupId: str,  # noqa: N803
    SecurityGroupRules: Sequence[Mapping[str, Any]],  # noqa: N803
) -> tuple[Account, Answer]:
    group = account.group(GroupId)
    rules = {rule.id: rule for rule in group.rules}
    for one in SecurityGroupRules:
        name, desired = one["SecurityGroupRuleId"], one["SecurityGroupRule"]
        if name not in rules:
            raise Refused("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{name}' does not exist")
        kinds = [kind for kind in _REQUESTED if desired.get(kind)]
        if len(kinds) != 1:
            raise Refused("InvalidParameterCombination", "Exactly one source must be specified")
        if _REQUESTED[kinds[0]] != rules[name].kind:
            message = f"Invalid rule type for security group rule '{name}'. You may not specify {kinds[0]}."
            raise Refused("InvalidParameterValue", message)
        made = _rule(rules[name].egress, desired, _REQUESTED[kinds[0]], desired[kinds[0]], desired.get("Description", ""))
        _check_sources(account, [made])
        rules[name] = made._replace(id=name)
    if len({rule.key for rule in rules.values()}) < len(rules):
        raise Refused("InvalidPermission.Duplicate", "the specified rule already exists")
    group = group._replace(rules=sorted_rules(rules.values()))
    _check_quota(account, group, {True, False})
    return account.with_group(group), {"Return": True}


def _parsed(egress: bool, permissions: Iterable[Mapping[str, Any]]) -> list[Rule]:
    rules = [
        _rule(egress, permission, kind, item[inside], item.get("Description", ""))
        for permission in permissions
        for name, inside, kind in _LISTS
        for item in permission.get(name, ())
    ]
    if not rules:
        raise Refused("InvalidParameterValue", "Invalid value for portRange. Must specify a source")
    if len({rule.key for rule in rules}) < len(rules):
        raise Refused("InvalidParameterValue", "The same permission must not appear multiple times")
    return rules


def _rule(egress: bool, form: Mapping[str, Any], kind: str, source: str, description: str) -> Rule:
    protocol = str(form.get("IpProtocol", "")).lower()
    protocol = _NAMES.get(protocol, protocol)
    first, last = form.get("FromPort"), form.get("ToPort")
    if protocol in ("tcp", "udp"):
        if first is None or last is None or not 0 <= first <= last <= 65535:
            raise Refused("InvalidParameterValue", f"Invalid value for portRange: {first}-{last}")
    elif protocol in ("icmp", "icmpv6"):
        first, last = (-1, -1) if first is None else (first, last)
    elif protocol == "-1" or (protocol.isdigit() and int(protocol) < 256):
        first = last = None
    else:
        raise Refused("InvalidPermission.Malformed", f'Unsupported IP protocol "{protocol}"')
    if not _TEXT.fullmatch(description):
        raise Refused("InvalidParameterValue", "Invalid rule description")
    return Rule(egress, protocol, first, last, kind, _source(kind, source), description)


def _source(kind: str, source: str) -> str:
    if kind not in ("ipv4", "ipv6"):
        return source.rpartition("/")[2]
    try:
        return str(IPv4Network(source, strict=False) if kind == "ipv4" else IPv6Network(source, strict=False))
    except ValueError:
        raise Refused("InvalidParameterValue", f"CIDR block {source} is malformed") from None


def _check_sources(account: Account, rules: Iterable[Rule]) -> None:
    lists = dict(account.lists)
    for rule in rules:
        if rule.kind == "group":
            account.group(rule.source)
        elif rule.kind == "list" and rule.source not in lists:
            raise Refused("InvalidPrefixListID.NotFound", f"The prefix list ID '{rule.source}' does not exist")


def _check_quota(account: Account, group: Group, sides: set[bool]) -> None:
    """IPv4 and IPv6 count apart in each direction, a group in both, a prefix list with all entries that it may have."""
    lists = dict(account.lists)
    used: dict[tuple[bool, int], int] = {}
    for rule in group.rules:
        families = {"ipv4": (4,), "ipv6": (6,), "group": (4, 6)}.get(rule.kind) or (lists[rule.source].family,)
        for family in families:
            count = lists[rule.source].entries if rule.kind == "list" else 1
            used[rule.egress, family] = used.get((rule.egress, family), 0) + count
    if any(count > account.rules_per_group for (egress, _), count in used.items() if egress in sides):
        message = "The maximum number of rules per security group has been reached."
        raise Refused("RulesPerSecurityGroupLimitExceeded", message)


def _with_id(group: Group, rule: Rule) -> Rule:
    """The rule with an id that follows from it and that no other rule of its group has."""
    taken = {one.id for one in group.rules}
    number = 0
    while True:
        name = f"sgr-{sha256(repr((group.id, rule.key, number)).encode()).hexdigest()[:17]}"
        if name not in taken:
            return rule._replace(id=name)
        number += 1


def _words(rule: Rule) -> str:
    ports = "" if rule.first is None else f", from port: {rule.first}, to port: {rule.last}"
    return f"peer: {rule.source}, {rule.protocol.upper()}{ports}, ALLOW"


# What carries groups


def modify_network_interface_attribute(
    account: Account,
    NetworkInterfaceId: str,  # noqa: N803
    Groups: Sequence[str],  # noqa: N803
) -> tuple[Account, Answer]:
    """The list replaces the one that is there."""
    if NetworkInterfaceId not in dict(account.attached):
        raise _no_interface(NetworkInterfaceId)
    if not Groups:
        raise Refused("InvalidParameterValue", "You must specify at least one security group")
    for name in Groups:
        account.group(name)
    groups = tuple(dict.fromkeys(Groups))
    if len(groups) > account.groups_per_interface:
        message = "The maximum number of security groups per interface has been reached."
        raise Refused("SecurityGroupsPerInterfaceLimitExceeded", message)
    return account.with_attached(NetworkInterfaceId, groups), {}


def _no_interface(name: str) -> Refused:
    return Refused("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{name}' does not exist")


# Reading


def describe_security_groups(
    account: Account,
    Filters: Sequence[Mapping[str, Any]] = (),  # noqa: N803
    GroupIds: Sequence[str] = (),  # noqa: N803
    MaxResults: int | None = None,  # noqa: N803
    NextToken: str | None = None,  # noqa: N803
) -> tuple[Account, Answer]:
    if GroupIds and MaxResults:
        raise _not_both("group IDs", "MaxResults")
    named = [account.group(name) for name in GroupIds] or account.groups
    found = [group for group in named if all(_group_fits(account, group, one) for one in Filters)]
    page, token = _page(found, lambda group: group.id, MaxResults, NextToken, (5, 1000))
    return account, {"SecurityGroups": [_group_described(account, group) for group in page], **token}


def _group_fits(account: Account, group: Group, one: Mapping[str, Any]) -> bool:
    name = one["Name"]
    if name.startswith("tag:"):
        values = [value for key, value in group.tags if key == name.removeprefix("tag:")]
    elif name in ("ip-permission.group-id", "egress.ip-permission.group-id"):
        egress = name.startswith("egress")
        values = [rule.source for rule in group.rules if rule.kind == "group" and rule.egress == egress]
    else:
        values = {
            "vpc-id": [account.vpc],
            "group-id": [group.id],
            "group-name": [group.name],
            "description": [group.description],
            "tag-key": [key for key, _ in group.tags],
        }.get(name) or []
        _check_filter(name, ("vpc-id", "group-id", "group-name", "description", "tag-key"))
    return any(_like(value, pattern) for value in values for pattern in one["Values"])


def _group_described(account: Account, group: Group) -> Answer:
    out: Answer = {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "OwnerId": OWNER,
        "VpcId": account.vpc,
        "SecurityGroupArn": f"arn:aws:ec2:eu-central-1:{OWNER}:security-group/{group.id}",
    }
    for name, egress in (("IpPermissions", False), ("IpPermissionsEgress", True)):
        permissions: dict[tuple[Any, ...], Answer] = {}
        for rule in group.rules:
            if rule.egress == egress:
                ports = {} if rule.first is None else {"FromPort": rule.first, "ToPort": rule.last}
                made = permissions.setdefault(
                    (rule.protocol, rule.first, rule.last),
                    {"IpProtocol": rule.protocol, **ports, **{key: [] for key, _, _ in _LISTS}},
                )
                key, inside = next((key, inside) for key, inside, kind in _LISTS if kind == rule.kind)
                text = {"Description": rule.description} if rule.description else {}
                owner = {"UserId": OWNER} if rule.kind == "group" else {}
                made[key].append({inside: rule.source, **owner, **text})
        out[name] = list(permissions.values())
    if group.tags:
        out["Tags"] = _tags(group)
    return out


def describe_security_group_rules(
    account: Account,
    Filters: Sequence[Mapping[str, Any]] = (),  # noqa: N803
    SecurityGroupRuleIds: Sequence[str] = (),  # noqa: N803
    MaxResults: int | None = None,  # noqa: N803
    NextToken: str | None = None,  # noqa: N803
) -> tuple[Account, Answer]:
    pairs = [(group, rule) for group in account.groups for rule in group.rules]
    for name in SecurityGroupRuleIds:
        if not any(rule.id == name for _, rule in pairs):
            raise Refused("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{name}' does not exist")
    if SecurityGroupRuleIds:
        pairs = [pair for pair in pairs if pair[1].id in SecurityGroupRuleIds]
    for one in Filters:
        _check_filter(one["Name"], ("group-id", "security-group-rule-id"))
        by_group = one["Name"] == "group-id"
        pairs = [(group, rule) for group, rule in pairs if (group.id if by_group else rule.id) in one["Values"]]
    page, token = _page(pairs, lambda pair: f"{pair[0].id} {pair[1].id}", MaxResults, NextToken, (5, 1000))
    return account, {"SecurityGroupRules": [_rule_described(group, rule) for group, rule in page], **token}


def _rule_described(group: Group, rule: Rule) -> Answer:
    inside = {"ipv4": "CidrIpv4", "ipv6": "CidrIpv6", "list": "PrefixListId"}
    source: Answer = {"ReferencedGroupInfo": {"GroupId": rule.source, "UserId": OWNER}}
    if rule.kind in inside:
        source = {inside[rule.kind]: rule.source}
    return {
        "SecurityGroupRuleId": rule.id,
        "GroupId": group.id,
        "GroupOwnerId": OWNER,
        "IsEgress": rule.egress,
        "IpProtocol": rule.protocol,
        "FromPort": -1 if rule.first is None else rule.first,
        "ToPort": -1 if rule.last is None else rule.last,
        **source,
        **({"Description": rule.description} if rule.description else {}),
        "Tags": [],
    }


def describe_network_interfaces(
    account: Account,
    Filters: Sequence[Mapping[str, Any]] = (),  # noqa: N803
    NetworkInterfaceIds: Sequence[str] = (),  # noqa: N803
    MaxResults: int | None = None,  # noqa: N803
    NextToken: str | None = None,  # noqa: N803
) -> tuple[Account, Answer]:
    if NetworkInterfaceIds and MaxResults:
        raise _not_both("network interface IDs", "MaxResults")
    attached = dict(account.attached)
    for name in NetworkInterfaceIds:
        if name not in attached:
            raise _no_interface(name)
    found = [one for one in account.attached if not NetworkInterfaceIds or one[0] in NetworkInterfaceIds]
    for one in Filters:
        _check_filter(one["Name"], ("network-interface-id", "group-id", "vpc-id"))
        found = [
            (name, groups)
            for name, groups in found
            if {"network-interface-id": {name}, "group-id": {*groups}, "vpc-id": {account.vpc}}[one["Name"]].intersection(
                one["Values"]
            )
        ]
    page, token = _page(found, lambda one: one[0], MaxResults, NextToken, (5, 1000))
    names = {group.id: group.name for group in account.groups}
    described = [
        {
            "NetworkInterfaceId": name,
            "VpcId": account.vpc,
            "OwnerId": OWNER,
            "Groups": [{"GroupId": group, "GroupName": names[group]} for group in groups],
        }
        for name, groups in page
    ]
    return account, {"NetworkInterfaces": described, **token}


def describe_managed_prefix_lists(
    account: Account,
    Filters: Sequence[Mapping[str, Any]] = (),  # noqa: N803
    PrefixListIds: Sequence[str] = (),  # noqa: N803
    MaxResults: int | None = None,  # noqa: N803
    NextToken: str | None = None,  # noqa: N803
) -> tuple[Account, Answer]:
    lists = dict(account.lists)
    for name in PrefixListIds:
        if name not in lists:
            raise Refused("InvalidPrefixListID.NotFound", f"The prefix list ID '{name}' does not exist")
    found = [one for one in account.lists if not PrefixListIds or one[0] in PrefixListIds]
    for one in Filters:
        _check_filter(one["Name"], ("prefix-list-id", "owner-id", "prefix-list-name"))
        found = [each for each in found if any(_like(_of_list(each, one["Name"]), like) for like in one["Values"])]
    page, token = _page(found, lambda one: one[0], MaxResults, NextToken, (1, 100))
    described = [
        {
            "PrefixListId": name,
            "PrefixListName": f"list {name}",
            "AddressFamily": f"IPv{one.family}",
            "State": "create-complete",
            "OwnerId": one.owner,
            **({} if one.owner == "AWS" else {"MaxEntries": one.entries, "Version": 1}),
        }
        for name, one in page
    ]
    return account, {"PrefixLists": described, **token}


def _of_list(named: tuple[str, PrefixList], filtered: str) -> str:
    name, found = named
    return {"prefix-list-id": name, "owner-id": found.owner}.get(filtered, f"list {name}")


def _page(
    found: Sequence[Any], name_of: Callable[[Any], str], most: int | None, token: str | None, allowed: tuple[int, int]
) -> tuple[Sequence[Any], Answer]:
    """The token of a page is the name of its last item, so that what comes and goes between two pages does no harm."""
    if most is None and token is None:
        return found, {}
    if most is not None and not allowed[0] <= most <= allowed[1]:
        raise Refused("InvalidParameterValue", f"Value ( {most} ) for parameter maxResults is invalid.")
    rest = [one for one in found if token is None or name_of(one) > token]
    page = rest[:most]
    return page, {"NextToken": name_of(page[-1])} if len(page) < len(rest) else {}


def _like(value: str, pattern: str) -> bool:
    """EC2's wildcards are * and ?; a square bracket is no wildcard there."""
    return value == pattern or fnmatchcase(value, pattern.replace("[", "[[]"))


def _check_filter(name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise Refused("InvalidParameterValue", f"The filter '{name}' is invalid")


def _not_both(one: str, other: str) -> Refused:
    return Refused("InvalidParameterCombination", f"{one} and {other} cannot be specified in the same request")


def _tags(group: Group) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in group.tags]


def _sides() -> Iterator[tuple[str, Callable[..., tuple[Account, Answer]]]]:
    for side, egress in (("Ingress", False), ("Egress", True)):

        def authorize(
            account: Account,
            GroupId: str,  # noqa: N803
            IpPermissions: Sequence[Mapping[str, Any]],  # noqa: N803
            egress: bool = egress,
        ) -> tuple[Account, Answer]:
            return _authorize(account, GroupId, _parsed(egress, IpPermissions))

        def revoke(
            account: Account,
            GroupId: str,  # noqa: N803
            IpPermissions: Sequence[Mapping[str, Any]] = (),  # noqa: N803
            SecurityGroupRuleIds: Sequence[str] = (),  # noqa: N803
            egress: bool = egress,
        ) -> tuple[Account, Answer]:
            rules = _parsed(egress, IpPermissions) if IpPermissions else []
            return _revoke(account, GroupId, rules, SecurityGroupRuleIds, egress)

        def describe(
            account: Account,
            GroupId: str,  # noqa: N803
            IpPermissions: Sequence[Mapping[str, Any]] = (),  # noqa: N803
            SecurityGroupRuleDescriptions: Sequence[Mapping[str, str]] = (),  # noqa: N803
            egress: bool = egress,
        ) -> tuple[Account, Answer]:
            rules = _parsed(egress, IpPermissions) if IpPermissions else []
            ids = {one["SecurityGroupRuleId"]: one.get("Description", "") for one in SecurityGroupRuleDescriptions}
            return _describe_anew(account, GroupId, rules, ids)

        yield f"AuthorizeSecurityGroup{side}", authorize
        yield f"RevokeSecurityGroup{side}", revoke
        yield f"UpdateSecurityGroupRuleDescriptions{side}", describe


OPERATIONS: dict[str, Callable[..., tuple[Account, Answer]]] = {
    "CreateSecurityGroup": create_security_group,
    "DeleteSecurityGroup": delete_security_group,
    "CreateTags": create_tags,
    "DeleteTags": delete_tags,
    "ModifySecurityGroupRules": modify_security_group_rules,
    "ModifyNetworkInterfaceAttribute": modify_network_interface_attribute,
    "DescribeSecurityGroups": describe_security_groups,
    "DescribeSecurityGroupRules": describe_security_group_rules,
    "DescribeNetworkInterfaces": describe_network_interfaces,
    "DescribeManagedPrefixLists": describe_managed_prefix_lists,
    **dict(_sides()),
}


def snake(operation: str) -> str:
    """The name of boto3's method."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


METHODS = {snake(operation): operation for operation in OPERATIONS}


class Client:
    """What stands in the place of boto3's client: each method hands its call to `send`, which answers or raises."""

    def __init__(self, send: Callable[[str, dict[str, Any]], Answer]) -> None:
        self._send = send

    def __getattr__(self, name: str) -> Callable[..., Answer]:
        operation = METHODS.get(name)
        if operation is None:
            raise AttributeError(name)
        send = self._send
        return lambda **parameters: send(operation, parameters)


def client_error(code: str, message: str, operation: str) -> Exception:
    """What boto3 raises for an answer of EC2 that is an error."""
    from botocore.exceptions import ClientError

    status = 503 if code in ("RequestLimitExceeded", "Unavailable") else 500 if code == "InternalError" else 400
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error: Exception = ClientError(response, operation)
    return error


class Ec2:
    """An account that changes: for programs that just want a client."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.client = Client(self._send)

    def _send(self, operation: str, parameters: dict[str, Any]) -> Answer:
        try:
            self.account, answer = call(self.account, operation, parameters)
        except Refused as refused:
            raise client_error(refused.code, refused.message, operation) from refused
        return answer
