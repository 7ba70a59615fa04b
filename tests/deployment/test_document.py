"""YAML to nodes: scalars stay texts, places are right, and nothing expands without bound."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from esacloud.deployment.document import (
    MOST_NODES,
    FastestComposer,
    MappingNode,
    Node,
    PythonComposer,
    ScalarNode,
    compose,
    parse,
)
from esacloud.errors import InputError, Problem


def plain(node: Node) -> Any:
    """The node as dicts, lists and texts."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, MappingNode):
        return {key.value: plain(value) for key, value in node.value}
    return [plain(child) for child in node.value]


def places(node: Node) -> list[tuple[int, int]]:
    children = [child for pair in node.value for child in pair] if isinstance(node, MappingNode) else node.value
    inner = [] if isinstance(node, ScalarNode) else [place for child in children for place in places(child)]
    return [(node.start_mark.line, node.start_mark.column), *inner]


def refused(text: str) -> Problem:
    with pytest.raises(InputError) as caught:
        parse("f.yaml", text)
    (problem,) = caught.value.problems
    return problem


def test_scalars_stay_the_texts_that_they_are() -> None:
    root, problems = parse("f.yaml", "release: 15.10\nanswer: no\nday: 2027-03-31\noctal: 010\ntime: 12:30:45\n")
    assert problems == []
    assert plain(root) == {"release": "15.10", "answer": "no", "day": "2027-03-31", "octal": "010", "time": "12:30:45"}


def test_quoted_and_plain_scalars_are_distinguished() -> None:
    root, _ = parse("f.yaml", "[plain, 'single', \"double\", ~, '~']")
    assert [bool(node.style) for node in root.value] == [False, True, True, False, True]


texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"], exclude_characters="\x85\u2028\u2029\ufeff")
)
json_values = st.recursive(texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20)


@given(json_values, st.booleans(), st.sampled_from([None, 2, "\t"]))
def test_all_json_is_read_as_json_reads_it(value: Any, ascii_only: bool, indent: Any) -> None:
    root, problems = parse("f.json", json.dumps(value, ensure_ascii=ascii_only, indent=indent))
    assert problems == []
    assert plain(root) == value


@given(json_values, st.booleans())
def test_both_composers_give_the_same_nodes_at_the_same_places(value: Any, flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True)
    fast, slow = compose(text, FastestComposer), compose(text, PythonComposer)
    assert fast is not None
    assert slow is not None
    assert plain(fast) == plain(slow) == value
    assert places(fast) == places(slow)


@pytest.mark.parametrize("composer", [FastestComposer, PythonComposer])
def test_no_python_object_is_made_from_a_tag(composer: Any) -> None:
    root = compose("a: !!python/object/apply:os.system [id]", composer)
    assert plain(root) == {"a": ["id"]}  # type: ignore[arg-type]


def test_aliases_are_read() -> None:
    root, problems = parse("f.yaml", "a: &servers [10.0.0.2]\nb: *servers\n")
    assert problems == []
    assert plain(root) == {"a": ["10.0.0.2"], "b": ["10.0.0.2"]}


def test_a_yaml_bomb_is_refused_where_it_goes_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    problem = refused("\n".join(lines))
    assert "more than 200,000 values, with aliases expanded" in problem.message
    assert problem.place.line is not None


def test_more_values_than_may_be_are_refused_while_they_are_read() -> None:
    assert "more than 200,000 values" in refused("[" + "1," * (MOST_NODES + 1) + "]").message


def test_five_thousand_networks_are_well_below_the_limit() -> None:
    _, problems = parse("f.yaml", "peers:\n" + "".join(f"  - 10.{n >> 8}.{n & 255}.0/24\n" for n in range(5000)))
    assert problems == []


@pytest.mark.parametrize("text", ["[" * 33 + "]" * 33, "[" * 100_000, "- " * 5000 + "a", "? " * 5000 + "a"])
def test_deep_nesting_is_refused(text: str) -> None:
    problem = refused(text)
    assert problem.message == "The file nests deeper than 32 levels."
    assert problem.place.line is not None


def test_thirty_two_levels_may_be() -> None:
    _, problems = parse("f.yaml", "[" * 32 + "]" * 32)
    assert problems == []


@pytest.mark.parametrize("text", ["", "   \n\n", "# a comment\n", "---\n...\n"])
def test_an_empty_file_is_reported_so_or_read_as_null(text: str) -> None:
    if text.startswith("---"):
        root, _ = parse("f.yaml", text)
        assert plain(root) == ""
    else:
        assert refused(text).message == "The file is empty."


@pytest.mark.parametrize(
    ("character", "name"), [("\x00", "U+0000"), ("\x1b", "U+001B"), ("\ud800", "U+D800"), ("\x7f", "U+007F")]
)
def test_a_control_character_is_reported_with_its_place(character: str, name: str) -> None:
    problem = refused(f"name: mail\nnote: a{character}b\n")
    assert name in problem.message
    assert (problem.place.line, problem.place.column) == (2, 8)


def test_every_duplicate_key_and_tag_is_reported_and_the_rest_is_read() -> None:
    root, problems = parse("f.yaml", "a: 1\na: 2\nb: {c: !x 1, c: 2}\n")
    assert plain(root) == {"a": "1", "b": {"c": "1"}}
    assert [(problem.place.line, problem.place.key) for problem in problems] == [(2, "a"), (3, "b.c"), (3, "b.c")]


@given(st.text())
def test_any_text_is_either_read_or_refused_with_a_place_in_the_file(text: str) -> None:
    try:
        parse("f.yaml", text)
    except InputError as error:
        for problem in error.problems:
            assert problem.place.file == "f.yaml"
            assert problem.place.line is None or 1 <= problem.place.line <= len(text) + 2
