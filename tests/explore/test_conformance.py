"""The EC2 in memory and the lab's, which is moto's, side by side: the same calls in a random order, the same account.

What is left out, for moto is wrong or silent there (`esacloud/lab/ec2/behaviour.py` says what the lab puts right):

- a failed call about several rules, of which moto keeps a part: such a call is not sent to the lab;
- the description of a rule that is not there, which moto changes without a word: such a call is not sent either;
- a rule twice in one call, a name that differs in case alone, descriptions and networks that EC2 refuses;
- an empty list for a network interface, more groups on it than the quota has, pages, `MaxResults`;
- what an authorize call answers: of several permissions moto answers the last;
- the words beside the code of an error, and ids, which each of the two chooses.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from explore.ec2 import Ec2, PrefixList
from explore.transitions import account
from support.ec2_server import LocalEc2, local_ec2
from support.samples import size

NAMES = ("one", "two", "three")
NETWORKS = ("10.0.0.0/8", "10.1.0.0/16", "192.0.2.7/32")
NETWORKS6 = ("fd00::/64", "2001:db8::1/128")
CALLS = 40


@pytest.fixture(scope="module")
def lab() -> Iterator[LocalEc2]:
    with local_ec2() as found:
        yield found


@dataclass
class Pair:
    """Both of them. `ids` has for each id that the one in memory gave the lab's."""

    mine: Ec2
    lab: Any
    ids: dict[str, str]

    def translated(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.translated(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.translated(one) for one in value]
        return self.ids.get(value, value) if isinstance(value, str) else value

    def call(self, method: str, **parameters: Any) -> tuple[str, str]:
        """The code that each of the two answers, empty where it does as it is told."""
        before = self.mine.account
        mine, answer = _tried(self.mine.client, method, parameters)
        rules = sum(len(permission.get(kind, ())) for permission in parameters.get("IpPermissions", ()) for kind in _KINDS)
        if mine and (rules > 1 or method.startswith("update_")):
            assert self.mine.account == before
            return mine, mine
        lab, other = _tried(self.lab, method, self.translated(parameters))
        if not mine and not lab and method == "create_security_group":
            self.ids[answer["GroupId"]] = other["GroupId"]
        return mine, lab

    def pictures(self) -> tuple[Any, Any]:
        """What each of the two describes."""
        back = {other: mine for mine, other in self.ids.items()}
        ids = list(back)
        mine = self.mine.client.describe_security_groups()["SecurityGroups"]
        lab = self.lab.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [self.ids[self.mine.account.vpc]]}])
        found = [group for group in lab["SecurityGroups"] if group["GroupId"] in ids]
        interfaces = self.mine.client.describe_network_interfaces()["NetworkInterfaces"]
        names = [self.ids[one["NetworkInterfaceId"]] for one in interfaces]
        others = self.lab.describe_network_interfaces(NetworkInterfaceIds=names)["NetworkInterfaces"]
        return (_groups(mine, {}), _attached(interfaces, {})), (_groups(found, back), _attached(others, back))


_KINDS = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}


def _tried(client: Any, method: str, parameters: Mapping[str, Any]) -> tuple[str, Any]:
    try:
        return "", getattr(client, method)(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"]), None


def _groups(found: list[dict[str, Any]], ids: Mapping[str, str]) -> dict[str, Any]:
    return {
        group["GroupName"]: (
            group["Description"],
            sorted((tag["Key"], tag["Value"]) for tag in group.get("Tags", ())),
            sorted(_rules(group["IpPermissions"], ids)),
            sorted(_rules(group["IpPermissionsEgress"], ids)),
        )
        for group in found
    }


def _rules(permissions: list[dict[str, Any]], ids: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for permission in permissions:
        ports = str(permission.get("FromPort")), str(permission.get("ToPort"))
        for kind, inside in _KINDS.items():
            for one in permission[kind]:
                source = ids.get(one[inside], one[inside])
                yield permission["IpProtocol"], *ports, source, one.get("Description", "")


def _attached(found: list[dict[str, Any]], ids: Mapping[str, str]) -> dict[str, list[str]]:
    return {
        ids.get(one["NetworkInterfaceId"], one["NetworkInterfaceId"]): [group["GroupName"] for group in one["Groups"]]
        for one in found
    }


def pair(lab: LocalEc2) -> Pair:
    client = lab.client
    vpc = client.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    subnet = client.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    mine = Ec2(account({}, ()))
    names = {mine.account.vpc: vpc}
    made = Pair(mine, client, names)
    web = {"GroupName": "web", "Description": "web", "VpcId": mine.account.vpc}
    assert made.call("create_security_group", **web) == ("", "")
    (first,) = (group.id for group in mine.account.groups)
    for number in range(2):
        name = f"eni-{number}"
        other = client.create_network_interface(SubnetId=subnet, Groups=[names[first]])["NetworkInterface"]
        names[name] = other["NetworkInterfaceId"]
        mine.account = mine.account.with_attached(name, [first])
    listed = client.create_managed_prefix_list(PrefixListName="list", MaxEntries=5, AddressFamily="IPv4")["PrefixList"]
    names["pl-1"] = listed["PrefixListId"]
    mine.account = mine.account._replace(lists=(("pl-1", PrefixList(5)),))
    return made


def a_call(chance: random.Random, both: Pair) -> tuple[str, dict[str, Any]]:
    groups = [group.id for group in both.mine.account.groups]
    group = chance.choice([*groups, "sg-0fffffffffffffff0"])
    side = chance.choice(("ingress", "egress"))
    text = chance.choice(("", "row 15", "another"))

    def source() -> tuple[str, dict[str, str]]:
        kind = chance.choice(("IpRanges", "IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"))
        name = {
            "IpRanges": chance.choice(NETWORKS),
            "Ipv6Ranges": chance.choice(NETWORKS6),
            "PrefixListIds": "pl-1",
            "UserIdGroupPairs": chance.choice(groups),
        }[kind]
        return kind, {_KINDS[kind]: name, **({"Description": text} if text else {})}

    def permissions(most: int) -> list[dict[str, Any]]:
        chosen = {next(iter(one.items())): (kind, one) for kind, one in (source() for _ in range(chance.randint(1, most)))}
        made: dict[str, Any] = dict(
            chance.choice(({"IpProtocol": "udp", "FromPort": 123, "ToPort": 123}, {"IpProtocol": "-1"}))
        )
        for kind, one in chosen.values():
            made.setdefault(kind, []).append(one)
        return [made]

    def undescribed(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {
                key: [{inside: one[inside]} for one in value for inside in [_KINDS[key]]] if key in _KINDS else value
                for key, value in permission.items()
            }
            for permission in found
        ]

    tag = {"Key": chance.choice("ab"), "Value": chance.choice("12")}
    made: dict[str, tuple[str, dict[str, Any]]] = {
        "create": (
            "create_security_group",
            {"GroupName": chance.choice(NAMES), "Description": "made", "VpcId": both.mine.account.vpc},
        ),
        "delete": ("delete_security_group", {"GroupId": group}),
        "authorize": (f"authorize_security_group_{side}", {"GroupId": group, "IpPermissions": permissions(3)}),
        "revoke": (f"revoke_security_group_{side}", {"GroupId": group, "IpPermissions": undescribed(permissions(2))}),
        "describe": (
            f"update_security_group_rule_descriptions_{side}",
            {"GroupId": group, "IpPermissions": permissions(1)},
        ),
        "attach": (
            "modify_network_interface_attribute",
            {
                "NetworkInterfaceId": chance.choice(("eni-0", "eni-1")),
                "Groups": chance.sample(groups, chance.randint(1, min(3, len(groups)))),
            },
        ),
        "tag": ("create_tags", {"Resources": [chance.choice(groups)], "Tags": [tag]}),
        "untag": ("delete_tags", {"Resources": [chance.choice(groups)], "Tags": [tag if text else {"Key": tag["Key"]}]}),
    }
    weights = {"authorize": 4, "revoke": 3, "create": 2, "describe": 2}
    name = chance.choices(list(made), [weights.get(one, 1) for one in made])[0]
    return made[name]


@pytest.mark.parametrize("seed", range(size(3, 30)))
def test_the_same_calls_lead_both_to_the_same_account(lab: LocalEc2, seed: int) -> None:
    chance, both = random.Random(seed), pair(lab)
    codes = set()
    for number in range(CALLS):
        method, parameters = a_call(chance, both)
        mine, other = both.call(method, **parameters)
        assert mine == other, (number, method, parameters)
        codes.add(mine)
        here, there = both.pictures()
        assert here == there, (number, method, parameters)
    assert len(codes) > 2


def test_a_rule_is_modified_in_both(lab: LocalEc2) -> None:
    both = pair(lab)
    (web,) = (group.id for group in both.mine.account.groups)
    there = [{"IpProtocol": "udp", "FromPort": 123, "ToPort": 123, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]}]
    assert both.call("authorize_security_group_ingress", GroupId=web, IpPermissions=there) == ("", "")
    answers = []
    for client, name in ((both.mine.client, web), (both.lab, both.ids[web])):
        rules = client.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [name]}])["SecurityGroupRules"]
        (rule,) = (one for one in rules if not one["IsEgress"])
        shown = ("IpProtocol", "FromPort", "ToPort", "CidrIpv4", "IsEgress")
        answers.append(tuple(rule[key] for key in shown))
        new = {"IpProtocol": "udp", "FromPort": 124, "ToPort": 125, "CidrIpv4": "10.1.5.0/24", "Description": "new"}
        change = {"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": new}
        client.modify_security_group_rules(GroupId=name, SecurityGroupRules=[change])
    assert answers[0] == answers[1]
    here, other = both.pictures()
    assert here == other
