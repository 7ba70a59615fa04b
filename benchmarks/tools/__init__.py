"""The tools that are measured, one a file, all behind the same few functions: see `Tool`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.equal_policy import EqualPolicy
from esacloud.packets.sets import PacketSet


class Tool(Protocol):
    """A module that knows one tool: how to hand it policies, how to start it, and how to read what it wrote.

    A folder of input holds one or more policies; `cold` turns the only one into files, `many` all of them in one process.
    Commands are given to the Python interpreter, without its own name.
    """

    NAME: str
    DISTRIBUTION: str
    TARGET: str

    def write_input(self, folder: Path, policies: Sequence[EqualPolicy]) -> None:
        """Write the policies as this tool reads them."""

    def cold(self, folder: Path, out: Path) -> list[str]:
        """The arguments that start the tool as its own command does, once."""

    def many(self, folder: Path, out: Path) -> list[str]:
        """The arguments that convert every policy of the folder in one process, in the fastest way that the tool offers."""

    def resources(self, out: Path) -> Mapping[str, str]:
        """What the only policy became: the address of each resource in the tool's output, and its content as text."""

    def rules(self, resources: Mapping[str, str]) -> int:
        """How many of them are rules that permit."""

    def packets(self, out: Path, policy: EqualPolicy) -> Mapping[str, PacketSet]:
        """What the only policy's rules permit, by interface."""

    def leeway(self) -> PacketSet:
        """The packets about which its output may differ from the policy, because the tool cannot say it otherwise."""
