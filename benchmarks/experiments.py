"""What is measured, one function an experiment, all of them for every tool."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.equal_policy import EqualPolicy, packets
from benchmarks.measure import Figures, Program, in_turns, run
from benchmarks.tools import Tool
from esacloud.packets.sets import PacketSet

ESACLOUD_HELP = ("-c", "import sys; from esacloud.cli.main import entry_point; sys.exit(entry_point())", "--help")


class UnequalError(Exception):
    """A tool's output permits something else than the policy that it was given, beyond its known leeway."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What one policy became: rules that permit, and resources in all.

    `changed` are the resources created, changed or deleted when one flow is added at the top.
    """

    rules: int
    resources: int
    changed: int


def fresh(directory: Path) -> Path:
    """The directory, empty."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def convert(tool: Tool, policy: EqualPolicy, directory: Path) -> Path:
    """The output of the tool for one policy, which is proven to permit the policy's packets. Raises UnequalError."""
    source, out = fresh(directory / "in"), fresh(directory / "out")
    tool.write_input(source, [policy])
    run(tool.cold(source, out), directory)
    desired, found, leeway = packets(policy.flows), tool.packets(out, policy), tool.leeway()
    nothing = PacketSet.of(())
    for interface in desired.keys() | found.keys():
        unequal = (desired.get(interface, nothing) ^ found.get(interface, nothing)) - leeway
        if unequal:
            raise UnequalError(f"{tool.NAME}, {interface}: {unequal.witness()}")
    return out


def shape(tool: Tool, policy: EqualPolicy, with_one_more: EqualPolicy, directory: Path) -> Shape:
    """Rules and resources of a policy, and what changes when a flow is added."""
    before = dict(tool.resources(convert(tool, policy, directory)))
    after = dict(tool.resources(convert(tool, with_one_more, directory)))
    changed = sum(before.get(address) != after.get(address) for address in before.keys() | after.keys())
    return Shape(tool.rules(before), len(before), changed)


def cold(tools: Sequence[Tool], policy: EqualPolicy, rounds: int, directory: Path, *, floor: bool) -> dict[str, Figures]:
    """One policy in a process of its own. With `floor`, `esacloud --help` and an empty Python program take part."""
    programs: dict[str, Program] = {}
    for tool in tools:
        source, out = fresh(directory / tool.NAME / "in"), directory / tool.NAME / "out"
        tool.write_input(source, [policy])
        programs[tool.NAME] = _into_empty(tool.cold, source, out)
    if floor:
        programs["esacloud --help"] = lambda: ESACLOUD_HELP
        programs["python -c pass"] = lambda: ("-c", "pass")
    return in_turns(programs, rounds, directory)


def many(tools: Sequence[Tool], policies: Sequence[EqualPolicy], rounds: int, directory: Path) -> dict[str, Figures]:
    """Different policies in one process, from files to files."""
    programs: dict[str, Program] = {}
    for tool in tools:
        source, out = fresh(directory / tool.NAME / "in"), directory / tool.NAME / "out"
        tool.write_input(source, policies)
        programs[tool.NAME] = _into_empty(tool.many, source, out)
    return in_turns(programs, rounds, directory)


def _into_empty(arguments: Callable[[Path, Path], list[str]], source: Path, out: Path) -> Program:
    return lambda: arguments(source, fresh(out))
