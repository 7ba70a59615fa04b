"""`python -m explore`: explore transitions, say for each how much was seen, and show what is violated and how."""

from __future__ import annotations

import argparse
import sys

from explore.search import ONCE, Explorer, Result
from explore.strands import installed
from explore.transitions import transitions


def main() -> int:
    known = transitions()
    parser = argparse.ArgumentParser(prog="python -m explore", description=__doc__)
    parser.add_argument("--transition", action="append", choices=sorted(known), help="one of them (all)")
    parser.add_argument("--states", type=int, default=10_000, help="how many states of each, at most")
    parser.add_argument("--price", type=int, default=99, help="how many things may go otherwise, at most")
    parser.add_argument("--twice", action="append", default=[], choices=ONCE, help="what may happen twice")
    parser.add_argument("--lag", action="store_true", help="some reads in a row may lag behind, too")
    parser.add_argument("--alone", action="store_true", help="no second run")
    parser.add_argument("--together", action="store_true", help="both runs on one machine")
    parser.add_argument("--ipv4", action="store_true", help="a VPC without IPv6")
    parser.add_argument("--seed", type=int, default=1, help="of the order in the last price")
    parser.add_argument("--traces", type=int, default=3, help="how many violations are shown for each")
    options = parser.parse_args()
    budget = (*ONCE, *options.twice, *(("lag",) if options.lag else ()))
    bad = 0
    print(f"{'transition':34}{'states':>9}{'runs':>8}{'depth':>7}{'ends':>7}{'seconds':>9}{'violating':>11}  by price")
    for name in options.transition or known:
        with installed() as strands:
            transition = known[name].with_ipv6(not options.ipv4)
            explorer = Explorer(
                transition,
                strands,
                budget=budget,
                rival=not options.alone,
                together=options.together,
                seed=options.seed,
            )
            result = explorer.explore(options.states, options.price)
        bad += bool(result.violations)
        print(line(result), flush=True)
        found = sorted(result.violations.values(), key=lambda one: (one.price, len(one.trace)))
        for violation in found[: options.traces]:
            print(f"  {violation.kind}, met {violation.count} times: {violation.text}")
            for number, step in enumerate(violation.trace, 1):
                print(f"    {number:3} {step}")
        for violation in found[options.traces :]:
            print(f"  {violation.kind}, met {violation.count} times: {violation.text.splitlines()[0][:150]}")
    return 1 if bad else 0


def line(result: Result) -> str:
    """One transition in one line."""
    prices = ", ".join(map(str, result.prices)) + ("" if result.complete else " ...")
    return (
        f"{result.transition:34}{result.states:9}{result.executions:8}{result.depth:7}{result.ends:7}{result.seconds:9.1f}"
        f"{result.violating:11}  {prices}"
    )


if __name__ == "__main__":
    sys.exit(main())
