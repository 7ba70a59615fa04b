"""`python -m explore`: explore transitions, report how much of each was seen, and show each violation with its trace."""

from __future__ import annotations

import argparse
import sys

from explore.moves import Moves
from explore.search import Result, Search
from explore.states import ALSO, ONCE
from explore.strands import installed
from explore.transitions import transitions

HEAD = (
    f"{'transition':38}{'states':>9}{'runs':>8}{'depth':>7}{'ends':>7}{'seconds':>9}{'a second':>10}{'violating':>11}"
    "  by level"
)


def main() -> int:
    known = transitions()
    parser = argparse.ArgumentParser(prog="python -m explore", description=__doc__)
    parser.add_argument("--transition", action="append", choices=sorted(known), help="one of them (all)")
    parser.add_argument("--states", type=int, default=10_000, help="how many states of each, at most")
    parser.add_argument("--level", type=int, default=99, help="how many deviations, at most")
    parser.add_argument("--twice", action="append", default=[], choices=ONCE, help="what may happen twice")
    parser.add_argument("--also", action="append", default=[], choices=ALSO, help="what may happen as well")
    parser.add_argument("--alone", action="store_true", help="no second run")
    parser.add_argument("--together", action="store_true", help="both runs on one machine")
    parser.add_argument("--ipv4", action="store_true", help="a VPC without IPv6")
    parser.add_argument("--seed", type=int, default=1, help="of the order in the last level")
    parser.add_argument("--traces", type=int, default=3, help="how many violations are shown for each")
    options = parser.parse_args()
    budget = (*ONCE, *options.twice, *options.also)
    bad = 0
    say(HEAD)
    for name in options.transition or known:
        with installed() as strands:
            transition = known[name].with_ipv6(not options.ipv4)
            moves = Moves(transition, strands, budget=budget, rival=not options.alone, together=options.together)
            result = Search(moves, options.seed).explore(options.states, options.level)
        bad += bool(result.violations)
        say("\n".join([line(result), *violation_lines(result, options.traces)]))
    return 1 if bad else 0


def say(text: str) -> None:
    """A line at once: the next one may take long."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def violation_lines(result: Result, traces: int = 1) -> list[str]:
    """The violations, the plainest first, with the traces of some."""
    lines = []
    found = sorted(result.violations.values(), key=lambda one: (one.level, len(one.trace)))
    for number, violation in enumerate(found):
        text = violation.text if number < traces else violation.text.splitlines()[0][:150]
        lines.append(f"  {violation.kind}, met {violation.count} times: {text}")
        if number < traces:
            lines += (f"    {at:3} {step}" for at, step in enumerate(violation.trace, 1))
    return lines


def line(result: Result) -> str:
    """One transition in one line."""
    levels = ", ".join(map(str, result.levels)) + ("" if result.complete else " ...")
    return (
        f"{result.transition:38}{result.states:9}{result.executions:8}{result.depth:7}{result.ends:7}{result.seconds:9.1f}"
        f"{result.states / max(result.seconds, 0.001):10.0f}{result.violating:11}  {levels}"
    )


if __name__ == "__main__":
    sys.exit(main())
