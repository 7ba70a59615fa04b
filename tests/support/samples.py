"""How much of what can be tried is tried: a small sample, or with ESACLOUD_EXHAUSTIVE=1 (`nox -s exhaustive`) all of it."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")
EXHAUSTIVE = os.environ.get("ESACLOUD_EXHAUSTIVE") == "1"


def some(cases: Iterable[T], count: int, seed: str) -> list[T]:
    """So many of the cases, in their order, and the same ones for a seed; all of them where it is to be exhaustive."""
    every = list(cases)
    if EXHAUSTIVE or count >= len(every):
        return every
    chosen = set(random.Random(seed).sample(range(len(every)), count))
    return [case for number, case in enumerate(every) if number in chosen]


def size(sample: T, exhaustive: T) -> T:
    """The size of something that has no list of cases, such as a number of drawn examples."""
    return exhaustive if EXHAUSTIVE else sample
