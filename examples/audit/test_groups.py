"""Rules of your own for your own groups, as tests: `pytest examples/audit/test_groups.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from esacloud.testing import assert_denies, assert_permits

GROUPS = Path(__file__).with_name("security-groups.json")
MANAGEMENT, DATA = "sg-0aaa0000000000001", "sg-0aaa0000000000002"


def test_mail_is_accepted_from_any_address() -> None:
    """Both halves of the IPv4 Internet are permitted, so all of it is."""
    assert_permits(GROUPS, "tcp/25 in from any", interface=DATA)


def test_the_spam_quarantine_is_closed() -> None:
    """No group permits these ports."""
    assert_denies(GROUPS, "tcp/82,83 in from any")


def test_cluster_members_reach_each_other() -> None:
    """`self` is every member of the same group."""
    assert_permits(GROUPS, "tcp/2222 in from self", interface=DATA)


@pytest.mark.xfail(reason="203.0.113.7 was left in: this is how a failure looks", strict=True)
def test_nobody_outside_reaches_ssh() -> None:
    """Fails with `permits tcp/22 in from 203.0.113.7/32, and should not`."""
    assert_denies(GROUPS, "tcp/22 in from 203.0.113.0/24", interface=MANAGEMENT)
