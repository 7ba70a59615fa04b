"""What all tests share: one option, and how hypothesis searches."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from support.samples import EXHAUSTIVE, size

# In CI the same cases every time, so that a change is judged by what it changes; elsewhere the search goes on.
# There is no deadline: a shared machine is slow at times, and nothing here asserts a time.
# Terraform spends a third of its time on collecting garbage; it has none worth it in the life of a command.
os.environ.setdefault("GOGC", "400")
settings.register_profile(
    "suite", deadline=None, max_examples=size(25, 1000), derandomize=bool(os.environ.get("CI")) and not EXHAUSTIVE
)
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden modules anew instead of comparing with them"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker is left with one of them at the end."""
    long = {item.path for item in items if item.get_closest_marker("real")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew; look at the difference in git before you commit it."""
    return bool(request.config.getoption("--update-golden"))
