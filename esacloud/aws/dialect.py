"""What AWS adds to the deployment file: region, VPC, name prefix, tags, its two kinds of references, and its quotas.

Only what AWS itself would refuse is refused here. The numbers stand in `limits.json`, with their source and date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from esacloud.aws.limits import FIXED, QUOTAS
from esacloud.deployment.model import Dialect, InterfaceKey, ReferenceKind, SettingKey, TagKeys

REGION = r"^[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}$"
VPC = r"^vpc-([0-9a-f]{8}|[0-9a-f]{17})$"
SECURITY_GROUP = r"^([0-9]{12}/)?sg-([0-9a-f]{8}|[0-9a-f]{17})$"
PREFIX_LIST = r"^pl-([0-9a-f]{8}|[0-9a-f]{17})$"
OWN_GROUP = r"^sg-([0-9a-f]{8}|[0-9a-f]{17})$"
NETWORK_INTERFACE = r"^eni-([0-9a-f]{8}|[0-9a-f]{17})$"
# Group names: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
NAME_PREFIX = rf"^(?![sS][gG]-)[A-Za-z0-9][A-Za-z0-9 ._:/()#,@+=;{{}}!$*&\[\]-]{{0,{FIXED['group_name_characters'] - 1}}}$"
# Tags: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
TAG_KEY = rf"^(?![aA][wW][sS]:).{{1,{FIXED['tag_key_characters']}}}$"
TAG_VALUE = rf"^(?![aA][wW][sS]:).{{0,{FIXED['tag_value_characters']}}}$"

Check = Callable[[str], tuple[str, str] | None]


def _matching(pattern: str, message: str, hint: str) -> Check:
    def check(text: str) -> tuple[str, str] | None:
        return None if re.fullmatch(pattern, text) else (f"{text!r} is no {message}.", hint)

    return check


def _tag_check(pattern: str, part: str, longest: int) -> Check:
    def check(text: str) -> tuple[str, str] | None:
        if text.lower().startswith("aws:"):
            return f"The tag's {part} begins with `aws:`, which AWS keeps for itself.", "Choose another beginning."
        if not re.fullmatch(pattern, text):
            return f"The tag's {part} is empty or longer than {longest} characters.", "Shorten it, or take the tag out."
        deviation = next((char for char in text if not char.isalnum() and char not in " +-=._:/@"), None)
        if deviation is not None:
            return f"The tag's {part} holds {deviation!r}.", "Write letters, digits, spaces and + - = . _ : / @ alone."
        return None

    return check


def _check_quotas(quotas: Mapping[str, int]) -> tuple[str, str] | None:
    """The coupling of the two quotas, from the page that `limits.json` names."""
    rules, groups, most = quotas["rules_per_group"], quotas["groups_per_interface"], FIXED["rules_times_groups"]
    if rules * groups <= most:
        return None
    message = f"rules_per_group x groups_per_interface is {rules} x {groups} = {rules * groups}; AWS allows {most:,}."
    return message, f"Write groups_per_interface: {most // rules} beside rules_per_group: {rules}, or fewer rules."


DIALECT = Dialect(
    cloud="aws",
    title="AWS",
    settings={
        "region": SettingKey(
            title="the region of the VPC",
            required=True,
            pattern=REGION,
            check=_matching(REGION, "AWS region", "Write one as eu-central-1 or us-gov-west-1."),
        ),
        "vpc": SettingKey(
            title="the id of the VPC that the security groups belong to",
            required=True,
            pattern=VPC,
            check=_matching(VPC, "VPC id", "Write `vpc-` and 8 or 17 hexadecimal digits, as vpc-0a1b2c3d4e5f60718."),
        ),
        "name_prefix": SettingKey(
            title="what the names of the security groups begin with",
            required=False,
            pattern=NAME_PREFIX,
            check=_matching(
                NAME_PREFIX,
                "beginning of a security group's name",
                f"Write 1 to {FIXED['group_name_characters']} letters, digits and spaces, not beginning with `sg-`.",
            ),
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
            pattern=PREFIX_LIST,
            size_key="max_entries",
            has_version=True,
            sizes=(1, FIXED["prefix_list_entries"]),
            example="pl-0123456789abcdef0",
        ),
    ),
    quotas=QUOTAS,
    matches_source_ports=False,
    example={"region": "eu-central-1", "vpc": "vpc-0a1b2c3d4e5f60718"},
    tags=TagKeys(
        most=FIXED["tags"],
        key=SettingKey("a tag's key", True, TAG_KEY, _tag_check(TAG_KEY, "key", FIXED["tag_key_characters"])),
        value=SettingKey("a tag's value", True, TAG_VALUE, _tag_check(TAG_VALUE, "value", FIXED["tag_value_characters"])),
    ),
    check_quotas=_check_quotas,
    interface_settings={
        "network_interfaces": InterfaceKey(
            SettingKey(
                title="the ids of the network interfaces that carry the interface's groups",
                required=False,
                pattern=NETWORK_INTERFACE,
                check=_matching(NETWORK_INTERFACE, "network interface id", "Write one as eni-0123456789abcdef0."),
            ),
            many=True,
        ),
        "group": InterfaceKey(
            SettingKey(
                title="the id of an existing security group that becomes the interface's",
                required=False,
                pattern=OWN_GROUP,
                check=_matching(OWN_GROUP, "security group id", "Write one as sg-0123456789abcdef0."),
            ),
            many=False,
        ),
    },
)
