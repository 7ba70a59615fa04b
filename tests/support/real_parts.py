"""What a test does when a real part that it needs is not on this machine."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where everything has to be there (`ESACLOUD_REQUIRE_REAL=1`, as CI sets it)."""
    if os.environ.get("ESACLOUD_REQUIRE_REAL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
