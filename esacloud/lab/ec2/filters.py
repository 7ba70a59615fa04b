"""Filters of Describe calls for moto 5.2.5.

Values of one filter are joined by OR; `*` and `?` are wildcards, a backslash escapes them, and all else is text.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html

moto treats `+`, `(` or `.` in a value as a regular expression, so that a description with brackets is not found; it finds
interfaces with all groups of a filter where EC2 finds those with any; and it has no filter of security groups by IPv6
network or prefix list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

_RULES_BY = {"ipv6-cidr": lambda rule: rule.ip_range.get("CidrIpv6"), "prefix-list-id": lambda rule: rule.prefix_list_id}


def filter_as_documented() -> None:
    """Replace moto's implementation."""
    from moto.ec2 import utils
    from moto.ec2.models import security_groups

    security_groups.aws_api_matches = matches  # type: ignore[assignment, attr-defined]
    security_groups.SecurityGroup.matches_filter = _group_matches  # type: ignore[method-assign, assignment]
    utils.is_filter_matching = _any_group(utils.is_filter_matching)  # type: ignore[assignment]


def matches(pattern: str, value: Any) -> bool:
    """Whether one value of a filter fits; None fits nothing."""
    return value is not None and _compiled(pattern).fullmatch(str(value)) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": ".?"}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return re.compile("".join(wild.get(part) or re.escape(part.removeprefix("\\") or part) for part in parts), re.DOTALL)


def _group_matches(self: Any, name: str, values: Iterable[str]) -> bool:
    """Whether a group fits a filter. Not by moto's table of filters, which a copy of a group shares with the original."""
    from moto.ec2.exceptions import InvalidParameterValue

    egress, _, field = name.rpartition("ip-permission.")
    if name.startswith("tag"):
        found = _tag_values(self, name)
    elif field in _RULES_BY and egress in ("", "egress."):
        found = [_RULES_BY[field](rule) for rule in (self.egress_rules if egress else self.ingress_rules)]
    elif name in self.filters:
        plain: Callable[[Any], bool] = getattr(self, f"filter_{name.replace('.', '__').replace('-', '_')}")
        return plain(values)
    else:
        raise InvalidParameterValue(f"The filter '{name}' is invalid")
    return any(matches(pattern, value) for pattern in values for value in found)


def _tag_values(group: Any, name: str) -> list[Any]:
    tags = group.get_tags()
    if name.startswith("tag:"):
        return [tag["value"] for tag in tags if tag["key"] == name[4:]]
    return [tag["key" if name == "tag-key" else "value"] for tag in tags]


def _any_group(plain: Callable[[Any, str, Any], bool]) -> Callable[[Any, str, Any], bool]:
    def matching(one: Any, name: str, values: Any) -> bool:
        if name == "group-id" and isinstance(values, list):
            return any(plain(one, name, [value]) for value in values)
        return bool(plain(one, name, values))

    return matching
