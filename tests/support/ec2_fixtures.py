"""Fixtures: one local EC2 for all tests of a folder that imports them; each test has deployments of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.live_ec2 import LiveEc2, live_ec2
from support.real_parts import missing


@pytest.fixture(scope="session")
def ec2_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveEc2]:
    for module in ("boto3", "moto", "flask", "flask_cors"):
        try:
            __import__(module)
        except ImportError:
            missing(f"{module} is not installed")
    with live_ec2(tmp_path_factory.mktemp("state")) as ec2:
        yield ec2


@pytest.fixture
def ec2(ec2_of_session: LiveEc2) -> LiveEc2:
    """The local EC2, without faults."""
    ec2_of_session.proxy.reset()
    return ec2_of_session
