"""A local Resource Manager for the tests of live groups."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.real_parts import missing


@pytest.fixture(scope="module")
def _live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    for module in ("azure.mgmt.network", "azure.identity", "cryptography"):
        try:
            __import__(module)
        except ImportError:
            missing(f"{module} is not installed")
    from support.live_azure import live_azure

    with live_azure(tmp_path_factory.mktemp("state")) as azure:
        yield azure


@pytest.fixture
def azure(_live: object) -> Iterator[object]:
    """The local Resource Manager, without faults, its network as it was at first."""
    _live.clean()  # type: ignore[attr-defined]
    yield _live
    _live.clean()  # type: ignore[attr-defined]
