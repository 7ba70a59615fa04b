"""Quotas: AWS's defaults, and what a deployment overrides."""

from __future__ import annotations

from esacloud.aws.limits import Limits, limits


def test_without_overrides_the_defaults_hold() -> None:
    assert limits({}) == Limits(rules_per_group=60, groups_per_interface=5)


def test_each_quota_can_be_overridden() -> None:
    assert limits({"rules_per_group": 100}) == Limits(100, 5)
    assert limits({"groups_per_interface": 16}) == Limits(60, 16)
    assert limits({"rules_per_group": 1000, "groups_per_interface": 1}) == Limits(1000, 1)
