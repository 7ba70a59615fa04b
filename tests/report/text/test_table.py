"""Tables line up on a terminal, in Chinese too."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from esacloud.report.text.table import NARROWEST, display_width, padded, table, wrapped

cells = st.text(st.sampled_from("ab -/端口，。é"), max_size=40)


def test_a_wide_character_takes_two_columns_and_a_combining_one_none() -> None:
    assert display_width("端口22") == 6
    assert display_width("e\u0301") == 1
    assert padded("端口", 6) == "端口  "


def test_a_table_lines_up() -> None:
    assert table(["行", "Port", "What"], [["1", "tcp/22", "端口"], ["12", "-", "x"]]).splitlines() == [
        "行  Port    What",
        "--  ------  ----",
        "1   tcp/22  端口",
        "12  -       x",
    ]


def test_the_last_column_wraps_beside_the_others() -> None:
    assert table(["A", "B"], [["1", "one two three four five six seven"]], 30).splitlines() == [
        "A  B",
        "-  ---------------------------",
        "1  one two three four five six",
        "   seven",
    ]


def test_chinese_wraps_between_characters_and_never_before_a_comma() -> None:
    assert wrapped("管理员通过，命令行", 10) == ["管理员通", "过，命令行"]
    assert wrapped("通过 SSH 使用", 8) == ["通过 SSH", "使用"]


def test_a_table_without_rows_is_its_head() -> None:
    assert table(["A", "B"], []) == "A  B\n-  -"


@given(cells, st.integers(1, 60))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    assert "".join(wrapped(text, width)).replace(" ", "") == text.replace(" ", "")


@given(st.lists(st.tuples(cells, cells), max_size=5), st.integers(1, 100))
def test_no_line_ends_in_a_space_or_is_wider_than_asked_unless_a_word_is(rows: list[tuple[str, str]], width: int) -> None:
    before = max(display_width(first) for first, _ in [("A", ""), *rows]) + 2
    longest = max((display_width(word) for _, text in rows for word in text.split(" ")), default=0)
    for line in table(["A", "B"], rows, width).splitlines():
        assert line == line.rstrip()
        assert display_width(line) <= before + max(width - before, NARROWEST, longest)
