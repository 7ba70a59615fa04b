"""What all tests share: one option, and how hypothesis searches."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("default", deadline=None)  # a shared machine is slow at times; nothing here asserts a time
settings.register_profile("thorough", deadline=None, max_examples=1000)
# In CI the same cases every time, so that a change is judged by what it changes; elsewhere the search goes on.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden modules anew instead of comparing with them"
    )


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew; look at the difference in git before you commit it."""
    return bool(request.config.getoption("--update-golden"))
