"""The engine against every interleaving: a short look at each transition, and with ESACLOUD_EXHAUSTIVE=1 a long one."""

from __future__ import annotations

from typing import Any

import pytest
from explore.__main__ import line, violation_lines
from explore.moves import Moves
from explore.search import Result, Search
from explore.states import ONCE
from explore.strands import installed
from explore.transitions import transitions
from support.samples import size

TRANSITIONS = transitions()
STATES = size(400, 20_000)
VARIANTS: dict[str, dict[str, Any]] = {
    "two machines": {},
    "one machine, IPv4 alone": {"together": True, "ipv6": False},
    "alone, with lag and calls that are done twice": {"rival": False, "budget": (*ONCE, "lag", "redelivered")},
    "alone, with writes that do not know a new group": {"rival": False, "budget": (*ONCE, "unknown")},
    "alone, killed twice and refused twice": {"rival": False, "budget": (*ONCE, "kill", "refusal")},
}


def explored(name: str, *, ipv6: bool = True, **settings: Any) -> Result:
    with installed() as strands:
        return Search(Moves(TRANSITIONS[name].with_ipv6(ipv6), strands, **settings)).explore(STATES)


@pytest.mark.parametrize("variant", size(list(VARIANTS)[:1], list(VARIANTS)))
@pytest.mark.parametrize("name", TRANSITIONS)
def test_the_invariant_holds_and_every_run_ends_where_it_says(name: str, variant: str) -> None:
    result = explored(name, **VARIANTS[variant])
    assert not result.violations, "\n".join([line(result), *violation_lines(result)])
    assert result.complete or result.states >= STATES


def test_there_are_as_many_transitions_as_were_asked_for() -> None:
    assert len(TRANSITIONS) >= 12
