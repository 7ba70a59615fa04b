"""One local EC2 for all tests of a module; each test makes groups of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.ec2_server import LocalEc2, local_ec2


@pytest.fixture(scope="module")
def local() -> Iterator[LocalEc2]:
    with local_ec2() as found:
        yield found
