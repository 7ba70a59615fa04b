"""The IAM actions that each command needs on AWS, and no more: every API operation is one action of the same name.

docs/permissions.md is made from `COMMANDS`, and tests compare it with the calls that the commands send.
"""

from __future__ import annotations

from collections.abc import Mapping

from esacloud.aws.live.calls import CHANGING, READING, REPLACING
from esacloud.change.live import permissions_table

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "plan": READING,
    "apply": (*READING, *CHANGING, *REPLACING),
    "destroy": (*READING, *(name for name in CHANGING if not name.startswith("Authorize"))),
    "restore": (*READING, *CHANGING, *REPLACING),
    "audit": tuple(name for name in READING if name != "DescribeManagedPrefixLists"),
}
WHEN: Mapping[str, str] = {
    "DescribeSecurityGroups": "always",
    "DescribeNetworkInterfaces": "the file names network interfaces, an interface has several groups, or a group is "
    "deleted; `audit`: always",
    "DescribeManagedPrefixLists": "a rule names a prefix list",
    "CreateSecurityGroup": "a group is created, or two runs meet and one takes the lock",
    "CreateTags": "a group or the lock is created (in the same call), its tags change, or the lock is held for long",
    "DeleteTags": "a group that was adopted is released",
    "AuthorizeSecurityGroupIngress": "inbound rules are added",
    "AuthorizeSecurityGroupEgress": "outbound rules are added",
    "RevokeSecurityGroupIngress": "inbound rules are removed",
    "RevokeSecurityGroupEgress": "outbound rules are removed; always for a new group, which starts with one",
    "UpdateSecurityGroupRuleDescriptionsIngress": "the table rows behind an inbound rule change, or a rule is relied on",
    "UpdateSecurityGroupRuleDescriptionsEgress": "the table rows behind an outbound rule change, or a rule is relied on",
    "DescribeSecurityGroupRules": "a rule of a full group is modified",
    "ModifySecurityGroupRules": "a rule of a full group is modified",
    "ModifyNetworkInterfaceAttribute": "a group is attached or detached",
    "DeleteSecurityGroup": "a group that apply made is deleted",
}


def markdown() -> str:
    """The table for docs/permissions.md."""
    return permissions_table("IAM action", COMMANDS, WHEN, "ec2:")


def policy(command: str, region: str = "*", account: str = "*") -> dict[str, object]:
    """An IAM policy document for one command. EC2's Describe actions do not support resources, so they have `*`."""
    actions = [f"ec2:{name}" for name in COMMANDS[command]]
    reading = [action for action in actions if action.startswith("ec2:Describe")]
    statements: list[dict[str, object]] = [{"Effect": "Allow", "Action": reading, "Resource": "*"}]
    if changing := [action for action in actions if action not in reading]:
        kinds = ("security-group", "security-group-rule", "network-interface", "vpc")
        resources = [f"arn:aws:ec2:{region}:{account}:{kind}/*" for kind in kinds]
        statements.append({"Effect": "Allow", "Action": changing, "Resource": resources})
    return {"Version": "2012-10-17", "Statement": statements}
