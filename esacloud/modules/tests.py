"""The tests that ship with each module, for `terraform test` with a mocked provider: what it makes, and what it refuses.

Each refusal is a run of its own that has to fail where it says, so that a check that stops checking fails the tests.
"""

from __future__ import annotations

from typing import Any

from esacloud.catalogue.model import Catalogue
from esacloud.modules.parts import part

FILE = "tests/module.tftest.json"
_NETWORKS = {"networks": ["10.20.0.0/24"]}
_SMALL: dict[str, dict[str, Any]] = {
    "features": {"management": {"admin-cli": {}, "dns": {}}, "data1": {"mail": {}}},
    "peers": {"administrators": _NETWORKS, "dns-servers": {"networks": ["10.0.0.2"]}},
}
_OPEN = {"administrators": {"networks": ["10.20.0.0/24", "any"]}, "dns-servers": {"networks": ["10.0.0.2"]}}
_WAIVER = {"code": "ESA001", "peer": "administrators", "reason": "moving to a bastion", "until": "9999-12-31"}


def test_files(catalogue: Catalogue, cloud: str) -> dict[str, Any]:
    """The test files by path. Runs are only made for features and roles that the catalogue has."""
    own = part(cloud)
    needed = {"admin-cli", "dns", "mail"}
    if not needed <= catalogue.features.keys():
        return {}
    group, rule, table = own.TESTED
    keys = f"keys({table % 'output'})"
    runs: dict[str, Any] = {
        "makes_a_group_for_each_interface": {
            "command": "apply",
            "assert": [
                _claim(f"${{length(output.{own.IDS}) == 2}}", "there is a group for each interface"),
                _claim("${contains(output.rows, 6)}", "mail in comes from row 6 of the table"),
                _claim(f"${{alltrue([for key in {own.SMALL_KEYS} : contains({keys}, key)])}}", "rules have their keys"),
            ],
        },
        "adds_rules_for_a_network_and_keeps_the_others": {
            "command": "apply",
            "variables": {"peers": {**_SMALL["peers"], "administrators": {"networks": ["10.20.0.0/24", "10.21.0.0/24"]}}},
            "assert": [
                _claim(
                    f"${{length(setsubtract(keys({table % 'run.makes_a_group_for_each_interface'}), {keys})) == 0}}",
                    "no rule goes when a network comes",
                ),
                *own.STABLE,
            ],
        },
        "accepts_what_a_waiver_with_a_reason_accepts": {
            "command": "plan",
            "variables": {"peers": _OPEN, "waivers": [_WAIVER]},
        },
        **{
            name: {"command": "plan", "variables": variables, "expect_failures": [failing]}
            for name, failing, variables in _refusals(group, rule)
        },
        **own.RUNS,
    }
    return {
        FILE: {
            "mock_provider": {own.PROVIDER: {}},
            "variables": {"name": "mail-edge-1", **own.PLACE, **_SMALL},
            "run": runs,
        }
    }


def _claim(condition: str, message: str) -> dict[str, str]:
    return {"condition": condition, "error_message": f"Not so: {message}."}


def _refusals(group: str, rule: str) -> tuple[tuple[str, str, dict[str, Any]], ...]:
    waived = {"peers": _OPEN}
    return (
        ("refuses_the_internet_on_the_command_line", rule, {"peers": _OPEN}),
        (
            "refuses_the_internet_in_pieces",
            rule,
            {"peers": {**_OPEN, "administrators": {"networks": ["0.0.0.0/1", "128.0.0.0/1"]}}},
        ),
        ("refuses_what_another_waiver_accepts", rule, {**waived, "waivers": [{**_WAIVER, "code": "ESA002"}]}),
        ("refuses_what_an_old_waiver_accepted", rule, {**waived, "waivers": [{**_WAIVER, "until": "2020-01-01"}]}),
        ("refuses_a_waiver_without_a_reason", "var.waivers", {**waived, "waivers": [{**_WAIVER, "reason": " "}]}),
        ("refuses_host_bits", "var.peers", {"peers": {"administrators": {"networks": ["10.20.0.1/24"]}}}),
        ("refuses_what_is_no_network", "var.peers", {"peers": {"administrators": {"networks": ["intranet"]}}}),
        ("refuses_a_peer_that_says_nothing", "var.peers", {"peers": {"administrators": {}}}),
        ("refuses_a_role_that_nobody_plays", "var.peers", {"peers": {"admins": _NETWORKS}}),
        ("refuses_a_feature_that_there_is_not", "var.features", {"features": {"management": {"telnet": {}}}}),
        ("refuses_an_interface_that_there_is_not", "var.features", {"features": {"data9": {"dns": {}}}}),
        ("refuses_a_choice_that_there_is_not", "var.features", {"features": {"data1": {"mail": {"traffic": "some"}}}}),
        ("refuses_a_release_that_there_is_not", "var.release", {"release": "3.1"}),
        ("refuses_a_feature_without_its_peer", group, {"peers": {"administrators": _NETWORKS}}),
        (
            "refuses_host_names_without_being_told",
            group,
            {"features": {"management": {"updates": {}}}, "peers": {}},
        ),
    )
