"""What Azure adds to the deployment file: its settings under `cloud.azure`, its kinds of references, its quotas."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from esacloud.azure.limits import QUOTAS, TAGS
from esacloud.deployment.model import Dialect, InterfaceKey, ReferenceKind, SettingKey, TagKeys

APPLICATION_SECURITY_GROUP, SERVICE_TAG = "application_security_group", "service_tag"
YES = ("yes", "true")

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_RESOURCE_GROUP = r"[\w.()-]{0,89}[\w()-]"
NAME_PREFIX = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}"
_RESOURCE_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?"
_NETWORK = rf"/subscriptions/{_UUID}/resourceGroups/{_RESOURCE_GROUP}/providers/Microsoft\.Network"
_APPLICATION_SECURITY_GROUP_ID = rf"{_NETWORK}/applicationSecurityGroups/{_RESOURCE_NAME}"
NETWORK_INTERFACE = rf"{_NETWORK}/networkInterfaces/{_RESOURCE_NAME}"
SUBNET = rf"{_NETWORK}/virtualNetworks/{_RESOURCE_NAME}/subnets/{_RESOURCE_NAME}"
# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
APPLICATION_SECURITY_GROUP_PATTERN = (
    f"^(?:{_APPLICATION_SECURITY_GROUP_ID}|(?!self$){_RESOURCE_NAME})$"  # `self` is reserved
)


def _setting(
    title: str,
    pattern: str,
    noun: str,
    hint: str,
    *,
    required: bool = False,
    unquoted: bool = False,
    correction: Callable[[str], str] | None = None,
) -> SettingKey:
    """A setting that is valid exactly when all of it matches the pattern; `noun` names a valid value."""
    matches = re.compile(pattern).fullmatch

    def check(text: str) -> tuple[str, str] | None:
        if matches(text):
            return None
        return f"{text!r} is not {noun}.", f"{correction(text) if correction else ''}{hint}"

    return SettingKey(title, required, f"^(?:{pattern})$", check, unquoted)


def _as_location(text: str) -> str:
    location = "".join(text.split()).lower()
    return f"Write {location}: " if location != text and re.fullmatch(r"[a-z][a-z0-9]*", location) else ""


def _check_quotas(quotas: Mapping[str, int]) -> tuple[str, str] | None:
    first, last = quotas["first_priority"], quotas["last_priority"]
    if first <= last:
        return None
    return f"first_priority {first} is greater than last_priority {last}.", "Write the lower number as first_priority."


DIALECT = Dialect(
    cloud="azure",
    title="Azure",
    settings={
        "subscription": _setting(
            "the subscription's ID; needed where peers name application security groups without their ARM ID",
            _UUID,
            "a subscription ID",
            "Write its UUID, like 00000000-0000-0000-0000-000000000000 (`az account show --query id`).",
        ),
        "resource_group": _setting(
            "the resource group of the network security groups",
            _RESOURCE_GROUP,
            "a valid name of a resource group",
            "Write 1 to 90 letters, digits, underscores, hyphens, parentheses and full stops, not ending with a full stop.",
            required=True,
        ),
        "location": _setting(
            "the region, as Azure names it in commands",
            r"[a-z][a-z0-9]{2,49}",
            "the name of an Azure location",
            "Locations are lower-case letters and digits, like westeurope (`az account list-locations --query [].name`).",
            required=True,
            correction=_as_location,
        ),
        "name_prefix": _setting(
            "what the names of all resources start with, instead of the deployment's name",
            NAME_PREFIX,
            "a valid start of an Azure name",
            "Write up to 60 letters, digits, hyphens, underscores and full stops, a letter or digit first.",
        ),
        "load_balancer": _setting(
            "whether a load balancer is in front of the interfaces; its health probes may then reach their TCP ports",
            "yes|no|true|false",
            "yes or no",
            "Write yes if a load balancer is in front of the interfaces, otherwise no.",
            unquoted=True,
        ),
    },
    references=(
        ReferenceKind(
            APPLICATION_SECURITY_GROUP,
            "an application security group: its name in the deployment's resource group, or its whole ARM ID",
            APPLICATION_SECURITY_GROUP_PATTERN,
            shorthand=f"^{_APPLICATION_SECURITY_GROUP_ID}$",
            example="asg-syslog",
        ),
        ReferenceKind(
            SERVICE_TAG,
            "a service tag, one an item: Internet, VirtualNetwork, Storage.WestEurope",
            r"^[A-Z][A-Za-z0-9]{1,63}(\.[A-Z][A-Za-z0-9]{1,63})?$",
            example="Storage.WestEurope",
        ),
    ),
    quotas=QUOTAS,
    matches_source_ports=True,
    tags=TagKeys(
        most=TAGS - 3,  # the tags that identify a group and its creator: see live/scope.py
        key=_setting(
            "a tag's name",
            r"[^<>%&\\?/]{1,512}",
            "a tag's name that Azure accepts",
            "Write 1 to 512 characters without any of < > % & \\ ? and /.",
        ),
        value=_setting(
            "a tag's value", r"[^\x00]{0,256}", "a tag's value that Azure accepts", "Write at most 256 characters."
        ),
    ),
    check_quotas=_check_quotas,
    example={"resource_group": "rg-mail", "location": "westeurope"},
    interface_settings={
        "network_interfaces": InterfaceKey(
            _setting(
                "the ARM IDs of the network interfaces that the interface's group is attached to",
                NETWORK_INTERFACE,
                "the ARM ID of a network interface",
                "Write the whole ID, from /subscriptions/ on (`az network nic show --query id`).",
            ),
            many=True,
        ),
        "subnets": InterfaceKey(
            _setting(
                "the ARM IDs of the subnets that the interface's group is attached to",
                SUBNET,
                "the ARM ID of a subnet",
                "Write the whole ID, from /subscriptions/ on (`az network vnet subnet show --query id`).",
            ),
            many=True,
        ),
        "group": InterfaceKey(
            _setting(
                "the name of an existing network security group in the resource group, which the interface adopts",
                _RESOURCE_NAME,
                "a valid name of a network security group",
                "Write the name of a group in `resource_group`.",
            ),
            many=False,
        ),
    },
)


def is_resource_id(group: str) -> bool:
    """Whether an application security group is written as an ARM ID, not as a name."""
    return group.startswith("/")
