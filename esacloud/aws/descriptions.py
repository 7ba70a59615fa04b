"""Descriptions of groups and rules, names and tags: what AWS accepts in them, and how the table rows get into them.

EC2 takes at most 255 characters of its own set, and refuses the rest only when the rule is made, half-way through a
change. So every text is checked here; nothing is replaced in silence. Source of the set:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html, and for references, which lack the `&`,
API_UserIdGroupPair.html and API_PrefixListId.html beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    `hostnames pinned` and `hostnames filtered` are said like that too.

    `outside` holds the entries that the table lacks. A text that gets too long loses host names, then peers, then entries,
    from the end and counted as `+3`; table rows it never loses.
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
    for way, names in zip(("open", "pinned", "filtered"), hostnames, strict=True):
        if names:
            text += f"; hostnames {way}: {' '.join(names)}"
    return text


def row_ranges(rows: tuple[int, ...]) -> str:
    """`5,9-11` of (5, 9, 10, 11). The rows are ascending."""
    starts = [rows[0], *(row for before, row in pairwise(rows) if row != before + 1)]
    ends = [*(before for before, row in pairwise(rows) if row != before + 1), rows[-1]]
    return ",".join(str(start) if start == end else f"{start}-{end}" for start, end in zip(starts, ends, strict=True))


def group_description(deployment: str, interface: str, number: int) -> str:
    """What a group's description says. EC2 cannot change it later, so it holds nothing that may change."""
    part = f", part {number}" if number > 1 else ""
    return f"Interface {interface} of {deployment}{part}, made by esacloud"


def text_problem(
    message: str, text: str, place: Place, allowed: frozenset[str] = ALLOWED, longest: int = LONGEST
) -> Problem | None:
    """What is wrong with a text for AWS, the first character outside the set named; None when nothing is."""
    refused = next((character for character in text if character not in allowed), None)
    if refused is not None:
        punctuation = "".join(character for character in _PUNCTUATION if character in allowed)
        return Problem(
            place,
            f"{message} has the character {refused!r} (U+{ord(refused):04X}), which AWS refuses: {_start(text)}.",
            f"Use letters a-z and A-Z, digits, spaces and {punctuation} alone.",
        )
    if len(text) > longest:
        message = f"{message} has {len(text)} characters, and AWS takes {longest}: {_start(text)}."
        return Problem(place, message, f"Make it at least {len(text) - longest} shorter.")
    return None


def _start(text: str) -> str:
    """Enough of a text to know it by, without anything that a terminal would act on."""
    return ascii(text if len(text) <= 60 else f"{text[:60]}...")


def tag_problems(tags: Mapping[str, str], place: Place) -> Iterable[Problem]:
    """What EC2 refuses in tags: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html.

    It takes any character; control characters are refused here, for no file shows them. Three of its 50 tags are the
    module's own.
    """
    if len(tags) > FIXED["tags"]:
        message = f"There are {len(tags)} tags, and {FIXED['tags']} fit beside those of the module."
        yield Problem(place, message, f"Take {len(tags) - FIXED['tags']} out.")
    for key, value in tags.items():
        longest = FIXED["tag_key_characters"], FIXED["tag_value_characters"]
        if not key or len(key) > longest[0] or len(value) > longest[1]:
            message = f"The tag {_start(key)} has {len(key)} characters in its key and {len(value)} in its value."
            yield Problem(place, message, f"A key has 1 to {longest[0]} characters, a value at most {longest[1]}.")
        if key.lower().startswith("aws:"):
            yield Problem(place, f"The tag {_start(key)} starts with `aws:`, which AWS keeps for itself.", "Rename it.")
        if not (key + value).isprintable():
            yield Problem(place, f"The tag {_start(key)} has a control character.", "Write it with printable characters.")
