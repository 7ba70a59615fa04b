"""Names and descriptions of groups and rules: what AWS accepts in them, and how they cite the table rows.

EC2 takes at most 255 characters of its own set, and refuses others only when the rule is created, in the middle of a
change. So every text is checked before; nothing is replaced silently. Source of the set:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html, and for references, which lack the `&`,
API_UserIdGroupPair.html and API_PrefixListId.html.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from esacloud.aws.limits import FIXED
from esacloud.errors import Place, Problem

ALLOWED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789. _-:/()#,@[]+=&;{}!$*")
ALLOWED_WITH_REFERENCES = ALLOWED - {"&"}
LONGEST = FIXED["description_characters"]
_PUNCTUATION = "._-:/()#,@[]+=&;{}!$*"


@lru_cache(maxsize=4096)
def rule_description(
    rows: tuple[int, ...],
    entries: tuple[str, ...],
    peers: tuple[str, ...],
    names: tuple[str, ...],
    outside: frozenset[str],
    pinned: tuple[str, ...] = (),
    filtered: tuple[str, ...] = (),
) -> str:
    """`rows 5,9-11: mail-out (mail-receivers); not in table: smart-licensing; hostnames open: a.example b.example`.

    `outside` holds the entries that the table lacks. A text that is too long loses host names, then peers, then entries,
    from the end and counted as `+3`, and never table rows.
    """
    inside = [entry for entry in entries if entry not in outside]
    lacking = [entry for entry in entries if entry in outside]
    parts = [inside, lacking, list(peers), list(names), list(pinned), list(filtered)]
    dropped = [0] * len(parts)
    while len(text := _text(rows, parts, dropped)) > LONGEST and any(parts):
        longest_kept = next(number for number in (5, 4, 3, 2, 0, 1) if parts[number])
        parts[longest_kept].pop()
        dropped[longest_kept] += 1
    return text


def _text(rows: tuple[int, ...], parts: list[list[str]], dropped: list[int]) -> str:
    inside, lacking, peers, *hostnames = (
        [*words, *([f"+{missing}"] if missing else ())] for words, missing in zip(parts, dropped, strict=True)
    )
    cited = f"row{'s' if len(rows) > 1 else ''} {row_ranges(rows)}" if rows else ""
    if inside:
        cited += f"{': ' if rows else ''}{', '.join(inside)}"
    outside = f"not in table: {', '.join(lacking)}" if lacking else ""
    text = "; ".join(filter(None, (cited, outside)))
    if peers:
        text += f" ({', '.join(peers)})"
    for mode, names in zip(("open", "pinned", "filtered"), hostnames, strict=True):
        if names:
            text += f"; hostnames {mode}: {' '.join(names)}"
    return text


def row_ranges(rows: tuple[int, ...]) -> str:
    """`5,9-11` of (5, 9, 10, 11). The rows are ascending."""
    starts = [rows[0], *(row for before, row in pairwise(rows) if row != before + 1)]
    ends = [*(before for before, row in pairwise(rows) if row != before + 1), rows[-1]]
    return ",".join(str(start) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True))


def group_description(deployment: str, interface: str, number: int) -> str:
    """A group's description. EC2 cannot change it later, so it holds nothing that may change."""
    part = f", part {number}" if number > 1 else ""
    return f"Interface {interface} of {deployment}{part}, made by esacloud"


def text_problem(
    subject: str, text: str, place: Place, allowed: frozenset[str] = ALLOWED, longest: int = LONGEST
) -> Problem | None:
    """The first character of a text that AWS refuses, or its excess length; None where AWS accepts it."""
    if not allowed.issuperset(text):
        refused = next(character for character in text if character not in allowed)
        punctuation = "".join(character for character in _PUNCTUATION if character in allowed)
        return Problem(
            place,
            f"{subject} has the character {refused!r} (U+{ord(refused):04X}), which AWS refuses: {_start(text)}.",
            f"Use letters a-z and A-Z, digits, spaces and {punctuation} only.",
        )
    if len(text) > longest:
        excess = f"{subject} has {len(text)} characters and AWS takes {longest}: {_start(text)}."
        return Problem(place, excess, f"Make it at least {len(text) - longest} shorter.")
    return None


def _start(text: str) -> str:
    """The start of a text, safe to print to a terminal."""
    return ascii(text if len(text) <= 60 else f"{text[:60]}...")
