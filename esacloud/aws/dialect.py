"""What AWS adds to the deployment file: region, VPC, name prefix, tags, its two kinds of references, and its quotas.

Only what AWS itself would refuse is refused here. The numbers are in `limits.json`, with their source and date.
"""

from __future__ import annotations

from collections.abc import Mapping

from esacloud.aws.limits import FIXED, QUOTAS
from esacloud.deployment.model import Dialect, InterfaceKey, ReferenceKind, SettingKey, TagKeys

_ID = "([0-9a-f]{8}|[0-9a-f]{17})$"
SECURITY_GROUP = rf"^([0-9]{{12}}/)?sg-{_ID}"
# Group names: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
NAME_PREFIX = rf"^(?![sS][gG]-)[A-Za-z0-9][A-Za-z0-9 ._:/()#,@+=;{{}}!$*&\[\]-]{{0,{FIXED['group_name_characters'] - 1}}}$"


def _tag_text(part: str, shortest: int) -> SettingKey:
    """A tag's key or value: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions."""
    longest = FIXED[f"tag_{part}_characters"]

    def check(text: str) -> tuple[str, str] | None:
        if text.lower().startswith("aws:"):
            return f"The tag's {part} starts with `aws:`, which is reserved for AWS.", "Use another prefix."
        if not shortest <= len(text) <= longest:
            return f"The tag's {part} is empty or longer than {longest} characters.", "Shorten it, or remove the tag."
        refused = next((char for char in text if not char.isalnum() and char not in " +-=._:/@"), None)
        if refused is not None:
            return f"The tag's {part} contains {refused!r}.", "Use only letters, digits, spaces and + - = . _ : / @."
        return None

    return SettingKey(f"a tag's {part}", True, rf"^(?![aA][wW][sS]:).{{{shortest},{longest}}}$", check)


def _check_quotas(quotas: Mapping[str, int]) -> tuple[str, str] | None:
    """AWS couples the two quotas, whatever it granted: see the page that `limits.json` names."""
    rules, groups, most = quotas["rules_per_group"], quotas["groups_per_interface"], FIXED["rules_times_groups"]
    if rules * groups <= most:
        return None
    message = f"rules_per_group x groups_per_interface is {rules} x {groups} = {rules * groups}; AWS allows {most:,}."
    return message, f"Write groups_per_interface: {most // rules} with rules_per_group: {rules}, or fewer rules."


DIALECT = Dialect(
    cloud="aws",
    title="AWS",
    settings={
        "region": SettingKey.matching(
            "the region of the VPC",
            r"^[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}$",
            "an AWS region",
            "Write a region code such as eu-central-1 or us-gov-west-1.",
            required=True,
        ),
        "vpc": SettingKey.matching(
            "the ID of the VPC that the security groups belong to",
            f"^vpc-{_ID}",
            "a VPC ID",
            "Write `vpc-` and 8 or 17 hexadecimal digits, such as vpc-0a1b2c3d4e5f60718.",
            required=True,
        ),
        "name_prefix": SettingKey.matching(
            "what the names of the security groups start with",
            NAME_PREFIX,
            "a valid start of a security group name",
            f"Write 1 to {FIXED['group_name_characters']} letters, digits and spaces. It must not start with `sg-`.",
        ),
    },
    references=(
        ReferenceKind(
            kind="security_group",
            title="a security group",
            pattern=SECURITY_GROUP,
            shorthand=SECURITY_GROUP,
            example="sg-0123456789abcdef0",
        ),
        ReferenceKind(
            kind="prefix_list",
            title="a prefix list",
            pattern=f"^pl-{_ID}",
            size_key="max_entries",
            has_version=True,
            sizes=(1, FIXED["prefix_list_entries"]),
            example="pl-0123456789abcdef0",
        ),
    ),
    quotas=QUOTAS,
    matches_source_ports=False,
    example={"region": "eu-central-1", "vpc": "vpc-0a1b2c3d4e5f60718"},
    tags=TagKeys(most=FIXED["tags"], key=_tag_text("key", 1), value=_tag_text("value", 0)),
    check_quotas=_check_quotas,
    interface_settings={
        "network_interfaces": InterfaceKey(
            SettingKey.matching(
                "the IDs of the network interfaces that the interface's groups are attached to",
                f"^eni-{_ID}",
                "a network interface ID",
                "Write an ID such as eni-0123456789abcdef0.",
            ),
            many=True,
        ),
        "group": InterfaceKey(
            SettingKey.matching(
                "the ID of an existing security group that the interface adopts",
                f"^sg-{_ID}",
                "a security group ID",
                "Write an ID such as sg-0123456789abcdef0.",
            ),
            many=False,
        ),
    },
)
