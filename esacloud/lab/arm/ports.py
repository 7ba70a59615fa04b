"""The ports of one rule: `*`, a number from 0 to 65535, or two with a hyphen; a list takes no `*`.

The messages: https://github.com/Azure/azure-cli/issues/23499; the code for `*` in a list was read, its message was not.
"""

from __future__ import annotations

from collections.abc import Iterable

from esacloud.lab.arm.errors import bad_request


def check_port_range(text: str) -> None:
    """Refuse what is neither `*`, nor a port, nor a range of ports."""
    if text == "*":
        return
    first, hyphen, last = text.partition("-")
    if _is_port(first) and (not hyphen or (_is_port(last) and int(first) <= int(last))):
        return
    raise bad_request(
        "SecurityRuleInvalidPortRange",
        f"Security rule has invalid Port range. Value provided: {text}. Value should be an integer OR integer range with "
        "'-' delimiter. Valid range 0-65535.",
    )


def check_port_ranges(rule_id: str, parameter: str, texts: Iterable[str]) -> None:
    """Refuse a list with `*` or with anything that is no port. `parameter`: `SourcePortRange` or `DestinationPortRange`."""
    for text in texts:
        if text == "*":
            raise bad_request(
                "SecurityRuleParameterContainsInvalidPortRanges",
                f"Security rule parameter {parameter}s for rule with Id {rule_id} contains invalid port ranges: *.",
            )
        check_port_range(text)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= 65535
