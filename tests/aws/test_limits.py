"""Quotas: AWS's defaults, what a deployment overrides, and what AWS never grants."""

from __future__ import annotations

import pytest
from support.policies import deployment

from esacloud.aws.limits import QUOTAS, Limits, limits
from esacloud.errors import InputError


def test_without_overrides_the_defaults_hold() -> None:
    assert limits(deployment()) == Limits(rules_per_group=60, groups_per_interface=5)
    assert limits(deployment(clouds={})) == Limits(rules_per_group=60, groups_per_interface=5)


def test_each_quota_can_be_overridden() -> None:
    assert limits(deployment(quotas={"rules_per_group": 100})) == Limits(100, 5)
    assert limits(deployment(quotas={"groups_per_interface": 16})) == Limits(60, 16)
    assert limits(deployment(quotas={"rules_per_group": 1000, "groups_per_interface": 1})) == Limits(1000, 1)


def test_the_product_is_held_to_what_aws_allows() -> None:
    with pytest.raises(InputError) as caught:
        limits(deployment(quotas={"rules_per_group": 201}))
    (problem,) = caught.value.problems
    assert "201 x 5 = 1005; AWS allows 1000" in problem.message
    assert "groups_per_interface: 4" in problem.hint
    assert problem.place.key == "cloud.aws.quotas"


def test_every_quota_out_of_range_is_named() -> None:
    with pytest.raises(InputError) as caught:
        limits(deployment(quotas={"rules_per_group": 0, "groups_per_interface": 17}))
    assert [problem.place.key for problem in caught.value.problems] == [f"cloud.aws.quotas.{name}" for name in QUOTAS]
