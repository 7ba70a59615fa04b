"""A local Azure Resource Manager: network security groups, and what they are attached to, on one loopback port.

It answers the unmodified Azure SDK over TLS as the platform would, refusals, ETags and long-running operations included,
and it evaluates no packets. Each refusal whose wording was read somewhere names where; the others say so.
"""

from __future__ import annotations

from esacloud.lab.arm.emulator import ArmEmulator

__all__ = ["ArmEmulator"]
