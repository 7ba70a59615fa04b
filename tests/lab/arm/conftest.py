"""The emulator, and the real SDK pointed at it, for every test of this room."""

from __future__ import annotations

from esacloud.lab.arm.pytest_plugin import arm_client, arm_emulator

__all__ = ["arm_client", "arm_emulator"]
