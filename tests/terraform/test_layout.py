"""JSON documents to text and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esacloud.errors import InputError
from esacloud.json_files import parse
from esacloud.terraform.layout import render, render_flat

SCALARS = st.none() | st.booleans() | st.integers() | st.text()
ROWS = st.dictionaries(
    st.text(), st.dictionaries(st.text(), SCALARS | st.lists(SCALARS, max_size=3), max_size=4), max_size=4
)
VALUES = st.recursive(
    SCALARS,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4), st.dictionaries(st.text(), ROWS | VALUES, max_size=3))
def test_a_text_reads_back_as_the_document_it_was_made_from(document: dict[str, object], tables: dict[str, object]) -> None:
    whole = {**document, "locals": tables}
    assert json.loads(render(whole)) == whole
    assert parse(render(whole), "x.tf.json") == whole
    assert json.loads(render_flat(whole)) == whole


@given(st.dictionaries(st.text(), ROWS, min_size=1, max_size=3))
def test_every_row_of_a_table_stands_on_one_line(tables: dict[str, dict[str, object]]) -> None:
    lines = [line.strip().removesuffix(",") for line in render({"locals": tables}).split("\n")]
    for table in tables.values():
        for key, row in table.items():
            assert f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(row, ensure_ascii=False)}" in lines


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{\n  "a": 1,\n  "a": 2\n}', "x:3:3: a: error: The key 'a' occurs twice"),
        ('{"a": [{"b": 1}, {"b": "{\\"b\\": 1,", "c": 1,\n"b": 2}]}', "x:2:1: b: error: The key 'b' occurs twice"),
        ('{"\\u0061": 1, "a": 2}', "x:1:15: a: error: The key 'a' occurs twice"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ('{"a": 1,}', "x:1:"),
        ("", "x:1:1: error: The file is not JSON"),
        ("\ufeff{}", "The file is not JSON"),
        ("1", "not a JSON object"),
        ("[" * 200_000, "x: error: The file is nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "x: error: "),
    ],
)
def test_what_is_no_document_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(text, "x")
    assert says in str(refused.value)
    assert str(refused.value).endswith("Run esacloud generate again.")
