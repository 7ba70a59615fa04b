"""A local EC2 for every test of this folder."""

from __future__ import annotations

from support.ec2_fixtures import ec2, ec2_of_session

__all__ = ["ec2", "ec2_of_session"]
