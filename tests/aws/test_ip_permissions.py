"""Both JSON forms of a rule give the same values, and what EC2 leaves out or adds does no harm."""

from __future__ import annotations

from typing import Any

import pytest

from esacloud.aws.ip_permissions import DescribedRule, rules_of_group, single_rule

SOURCES: list[tuple[dict[str, Any], dict[str, Any], str, str, str]] = [
    ({"IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, {"CidrIpv4": "10.0.0.0/8"}, "cidr_ipv4", "10.0.0.0/8", ""),
    ({"Ipv6Ranges": [{"CidrIpv6": "fd00::/8"}]}, {"CidrIpv6": "fd00::/8"}, "cidr_ipv6", "fd00::/8", ""),
    ({"PrefixListIds": [{"PrefixListId": "pl-1"}]}, {"PrefixListId": "pl-1"}, "prefix_list_id", "pl-1", ""),
    (
        {"UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "123456789012"}]},
        {"ReferencedGroupInfo": {"GroupId": "sg-1", "UserId": "123456789012"}},
        "referenced_security_group_id",
        "sg-1",
        "123456789012",
    ),
]


@pytest.mark.parametrize(("permission", "rule", "kind", "source", "account"), SOURCES)
def test_a_permission_and_a_single_rule_give_the_same_values(
    permission: dict[str, Any], rule: dict[str, Any], kind: Any, source: str, account: str
) -> None:
    service = {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 26}
    expected = DescribedRule("", "egress", "tcp", (25, 26), kind, source, account)
    (found,) = rules_of_group({"IpPermissions": [], "IpPermissionsEgress": [{**service, **permission}]})
    assert found._replace(label="") == expected == single_rule({**service, **rule, "IsEgress": True})


def test_a_rule_is_labelled_with_its_path() -> None:
    ranges = [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "11.0.0.0/8", "Description": "row 6"}]
    found = list(rules_of_group({"IpPermissions": [{"IpProtocol": "-1", "IpRanges": ranges}]}))
    assert [rule.label for rule in found] == ["IpPermissions[0].IpRanges[0]", "IpPermissions[0].IpRanges[1]"]
    assert [(rule.ports, rule.description) for rule in found] == [((None, None), ""), ((None, None), "row 6")]


def test_what_is_not_of_the_expected_type_is_skipped() -> None:
    assert not list(
        rules_of_group({"IpPermissions": "none", "IpPermissionsEgress": [None, {"IpRanges": {"CidrIp": "::"}}]})
    )


@pytest.mark.parametrize("rule", [{"IsEgress": True}, {"CidrIpv4": "0.0.0.0/0"}, {"CidrIpv4": "a", "CidrIpv6": "b"}])
def test_a_single_rule_without_one_source_or_without_a_direction_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="one source and a direction"):
        single_rule(rule)
