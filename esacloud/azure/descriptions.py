"""Descriptions of security rules: the table rows first, then the entries, in at most 140 characters of plain ASCII.

What does not fit is counted, never dropped silently; the module's manifest has all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from esacloud.azure.limits import DESCRIPTION_LENGTH

DENY = "Denies what no rule above allows; the default rules would let in the virtual network and let out to the Internet."


@lru_cache(maxsize=4096)
def description(rows: tuple[int, ...], entries: tuple[str, ...]) -> str:
    """`Table rows 9-11, 22: updates, upgrades` or `Not in the table: cluster-ssh`."""
    if not rows:
        start = "Not in the table: "
    else:
        start = f"Table row{'s' if len(rows) > 1 else ''} "
        start = _fitting(start, _spans(rows), DESCRIPTION_LENGTH - 24) + ": "
    return _fitting(start, [_ascii(entry) for entry in entries], DESCRIPTION_LENGTH)


def is_description(text: str) -> bool:
    """Whether Azure accepts the text, and it is plain ASCII without anything that Terraform reads as a template."""
    return (
        len(text) <= DESCRIPTION_LENGTH and text.isascii() and text.isprintable() and "${" not in text and "%{" not in text
    )


def _fitting(start: str, words: Sequence[str], length: int) -> str:
    """As many of the words as fit the length, and the number of the others."""
    text = start + ", ".join(words)
    count = len(words)
    while len(text) > length and count:
        count -= 1
        text = start + "".join(f"{word}, " for word in words[:count]) + f"{len(words) - count} more"
    return text


def _spans(rows: tuple[int, ...]) -> list[str]:
    """`9-11` for 9, 10, 11."""
    spans = []
    for _, run in groupby(enumerate(rows), key=lambda numbered: numbered[1] - numbered[0]):
        members = [row for _, row in run]
        spans.append(str(members[0]) if len(members) == 1 else f"{members[0]}-{members[-1]}")
    return spans


def _ascii(entry: str) -> str:
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in entry).replace("{", "(")
