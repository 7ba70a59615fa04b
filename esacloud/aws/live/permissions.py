"""The IAM actions that each command needs on AWS, and no more: every API operation is one action of the same name.

docs/permissions.md says when each is needed. Tests compare the page and the calls that the commands send with `COMMANDS`.
"""

from __future__ import annotations

from collections.abc import Mapping

from esacloud.aws.live.calls import CHANGING, READING, REPLACING

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "plan": READING,
    "apply": (*READING, *CHANGING, *REPLACING),
    "destroy": (*READING, *(name for name in CHANGING if not name.startswith("Authorize"))),
    "restore": (*READING, *CHANGING, *REPLACING),
    "audit": tuple(name for name in READING if name != "DescribeManagedPrefixLists"),
}


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
