"""Descriptions keep to AWS's characters and length, and never lose a table row."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.policies import FILE

from esacloud.aws.descriptions import (
    ALLOWED,
    ALLOWED_WITH_REFERENCES,
    group_description,
    row_ranges,
    rule_description,
    text_problem,
)

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("rows", "entries", "peers", "names", "text"),
    [
        ((5,), ("mail-out",), ("mail-receivers",), (), "row 5: mail-out (mail-receivers)"),
        (
            (5, 9, 10, 11),
            ("mail-out", "updates"),
            ("mail-receivers", "updaters"),
            ("a.example", "b.example"),
            "rows 5,9-11: mail-out, updates (mail-receivers, updaters); hostnames open: a.example b.example",
        ),
        ((), ("lic",), ("cisco",), (), "not in table: lic (cisco)"),
        ((22,), ("enc", "lic"), ("cisco",), (), "row 22: enc; not in table: lic (cisco)"),
        ((22,), (), (), (), "row 22"),
    ],
)
def test_a_description_says_rows_entries_peers_and_open_host_names(
    rows: tuple[int, ...], entries: tuple[str, ...], peers: tuple[str, ...], names: tuple[str, ...], text: str
) -> None:
    assert rule_description(rows, entries, peers, names, frozenset({"lic"})) == text


words = st.lists(st.text("abcdefgh-.", min_size=1, max_size=40), max_size=40, unique=True).map(tuple)


@given(st.sets(st.integers(1, 48), min_size=1), words, words, words, st.sets(st.text("ab", min_size=1)))
def test_a_description_always_fits_and_always_has_every_row(
    rows: set[int], entries: tuple[str, ...], peers: tuple[str, ...], names: tuple[str, ...], outside: set[str]
) -> None:
    text = rule_description(tuple(sorted(rows)), entries, peers, names, frozenset(outside))
    assert len(text) <= 255
    found = re.match(r"rows? ([0-9,-]+)", text)
    assert found is not None
    assert _numbers(found[1]) == rows


def _numbers(ranges: str) -> set[int]:
    spans = [part.split("-") for part in ranges.split(",")]
    return {number for span in spans for number in range(int(span[0]), int(span[-1]) + 1)}


@given(st.sets(st.integers(1, 60), min_size=1))
def test_row_ranges_say_the_rows_and_no_others(rows: set[int]) -> None:
    assert _numbers(row_ranges(tuple(sorted(rows)))) == rows


def test_what_is_dropped_is_counted_and_host_names_go_first() -> None:
    names = tuple(f"host-{number:02}.updates.example" for number in range(20))
    text = rule_description((9, 10), ("upgrades", "updates"), ("update-servers",), names, NONE)
    start = "rows 9-10: upgrades, updates (update-servers); hostnames open: host-00.updates.example "
    assert text.startswith(start)
    assert text.endswith(" +13")


@given(st.text(max_size=300))
def test_a_text_is_accepted_exactly_when_aws_takes_it(text: str) -> None:
    aws_takes = re.fullmatch(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}", text) is not None
    assert (text_problem("The text", text, FILE) is None) == aws_takes


@pytest.mark.parametrize(
    ("hostile", "named"),
    [
        ("a -> b", "'>' (U+003E)"),
        ("the gateway's", '"\'" (U+0027)'),
        ('say "hi"', "'\"' (U+0022)"),
        ("邮件", "'邮' (U+90AE)"),
        ("two\nlines", "'\\n' (U+000A)"),
        ("\x1b[31m", "'\\x1b' (U+001B)"),
        ("a\u202eb", "'\\u202e' (U+202E)"),
        ("caf\u00e9", "'é' (U+00E9)"),
        ("100%", "'%' (U+0025)"),
    ],
)
def test_the_refused_character_is_named(hostile: str, named: str) -> None:
    problem = text_problem("The text", hostile, FILE)
    assert problem is not None
    assert named in problem.message
    assert problem.message.isprintable()


def test_an_ampersand_is_refused_for_references_alone() -> None:
    assert "&" in ALLOWED
    assert text_problem("The text", "R&D", FILE) is None
    problem = text_problem("The text", "R&D", FILE, ALLOWED_WITH_REFERENCES)
    assert problem is not None
    assert "&" not in problem.hint


def test_a_text_that_is_too_long_says_by_how_much() -> None:
    problem = text_problem("The text", "a" * 258, FILE)
    assert problem is not None
    assert "258 characters" in problem.message
    assert "3 shorter" in problem.hint


def test_a_groups_description_holds_nothing_that_may_change() -> None:
    assert group_description("mail-edge-1", "data1", 1) == "Interface data1 of mail-edge-1, made by esacloud"
    assert group_description("mail-edge-1", "data1", 2) == "Interface data1 of mail-edge-1, part 2, made by esacloud"
