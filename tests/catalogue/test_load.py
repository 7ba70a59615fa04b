"""A catalogue file of the user's own: another appliance's loads, and every kind of bad one is told with its place."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.catalogues import SMALL, document, shipped_document

from esacloud.catalogue.load import load
from esacloud.catalogue.model import Catalogue
from esacloud.catalogue.read import LARGEST
from esacloud.errors import InputError, Problem
from esacloud.packets.addresses import parse_network


@pytest.fixture
def written(tmp_path: Path) -> Callable[[bytes | Any], str]:
    """Writes a file, a document as JSON, and says where."""

    def write(content: bytes | Any) -> str:
        path = tmp_path / "own.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, indent=1).encode())
        return str(path)

    return write


def problems_of(path: str) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        load(path)
    return caught.value.problems


def test_another_appliances_table_loads() -> None:
    catalogue = load(str(SMALL))
    assert catalogue.name == "example-balancer"
    assert catalogue.release_key == "firmware"
    assert catalogue.releases == ((1,), (1, 1), (2, 0, 1))
    assert catalogue.of_id["web-quic"].ports == ((443, 443), (8443, 8445))
    assert catalogue.of_id["web-quic"].releases == ((1, 1), (2, 0, 1))
    assert catalogue.of_id["web-quic"].documented is None
    assert catalogue.of_id["probe"].documented == "ingress and egress"
    assert catalogue.of_id["status"].networks == (parse_network("192.0.2.0/25"),)
    assert catalogue.of_id["status"].prints_inbound
    assert catalogue.checklist == ()


def test_an_entry_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load(str(SMALL)).of_id["web-gopher"]


BAD_BYTES = {
    "nothing": (b"", "The file is not JSON", 1),
    "a half": (b'{"name":\n "x"', "The file is not JSON", 2),
    "yaml": (b"name: x\n", "The file is not JSON", 1),
    "utf-16": ('{"name": "x"}'.encode("utf-16"), "in UTF-16", None),
    "latin-1": ('{"name":\n "\xe9"}'.encode("latin-1"), "0xE9 here is not UTF-8", 2),
    "a key twice": (b'{"name": "a", "name": "b"}', "The key 'name' occurs twice", 1),
    "no number": (b'{"name": NaN}', "NaN is not JSON", None),
    "a number without end": (b'{"name": ' + b"9" * 5000 + b"}", "number is not valid", None),
    "half a character": (b'{"name": "\\ud800"}', "half of a surrogate pair", None),
    "no bottom": (b"[" * 200_000, "nested too deeply", None),
    "too large": (b" " * (LARGEST + 1), "larger than 1 MiB", None),
    "a list": (b"[]", "not a JSON object", 1),
}


@pytest.mark.parametrize("name", BAD_BYTES)
def test_what_is_no_catalogue_at_all_is_reported_in_one_sentence(name: str, written: Callable[[bytes], str]) -> None:
    content, message, line = BAD_BYTES[name]
    path = written(content)
    (problem,) = problems_of(path)
    assert message in problem.message
    assert problem.hint
    assert (problem.place.file, problem.place.line) == (path, line)


def test_a_file_that_is_not_there_a_directory_a_pipe_and_a_name_that_is_none_are_reported(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "does not exist" in problems_of(str(tmp_path / "absent.json"))[0].message
    assert "not a regular file" in problems_of(str(tmp_path))[0].message
    assert "not a regular file" in problems_of(str(tmp_path / "pipe"))[0].message
    assert "cannot be read" in problems_of("a\0b")[0].message
    assert "cannot be read" in problems_of("x" * 5000)[0].message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_reported(written: Callable[[Any], str]) -> None:
    path = written(document())
    Path(path).chmod(0)
    assert "cannot be read" in problems_of(path)[0].message


def put(*path: str | int, value: Any) -> Callable[[Any], None]:
    def spoil(data: Any) -> None:
        for step in path[:-1]:
            data = data[step]
        data[path[-1]] = value

    return spoil


def take(*path: str | int) -> Callable[[Any], None]:
    def spoil(data: Any) -> None:
        for step in path[:-1]:
            data = data[step]
        del data[path[-1]]

    return spoil


SPOILT = {
    "an unknown key": (put("edtion", value="x"), "edtion", "The key 'edtion' is unknown", "Did you mean 'edition'?"),
    "an unknown key of an entry": (
        put("entries", 0, "port", value="80"),
        "entries[0].port",
        "The key 'port' is unknown",
        "Did you mean 'ports'?",
    ),
    "a key missing": (take("entries", 1, "role"), "entries[1]", "The key role is missing.", "Add it: The role"),
    "a type": (put("entries", 0, "rows", value="1"), "entries[0].rows", "must be a list", "Write a list: The rows"),
    "a transport": (
        put("entries", 0, "transports", 0, value="sctp"),
        "entries[0].transports[0]",
        "sctp",
        "tcp, udp, icmp or all",
    ),
    "a default peer": (put("roles", "twin", "default", value="self"), "roles.twin.default", "self", "Write any, or leave"),
    "no entries": (put("entries", value=[]), "entries", "needs at least 1", "Add what is missing"),
    "twice": (put("entries", 0, "rows", value=[1, 1]), "entries[0].rows", "repeated", "Remove one"),
    "a row zero": (put("rows", 0, "number", value=0), "rows[0].number", "too small", "1 or more"),
    "a port": (
        put("entries", 0, "ports", 0, value="0x50"),
        "entries[0].ports[0]",
        "'0x50' has the wrong form",
        "A port or a range",
    ),
    "a host name": (
        put("entries", 4, "hostnames", 0, value="a.b."),
        "entries[4].hostnames[0]",
        "'a.b.'",
        "A host name in lower case",
    ),
    "a line break": (put("edition", value="a\nb"), "edition", "wrong form", "Text without line breaks"),
    "a last line break": (put("name", value="a\n"), "name", "wrong form", "Lower-case words"),
    "an escape": (
        put("entries", 0, "purpose", "en", value="\x1b[2J"),
        "entries[0].purpose.en",
        "wrong form",
        "Text without",
    ),
    "too long": (put("edition", value="x" * 1001), "edition", "1001 characters; the limit is 1000", "Shorten"),
    "a name": (
        put("features", "Big Name", value={"title": {"en": "x", "zh": "x"}}),
        "features",
        "'Big Name'",
        "Lower-case",
    ),
    "the rows out of order": (
        put("rows", 1, "number", value=3),
        "rows[1].number",
        "Row 3 is at the place of row 2",
        "Number the rows",
    ),
    "a row twice accounted": (
        put("rows", 0, "no_rule", value={"en": "x", "zh": "x"}),
        "rows[0].no_rule",
        "makes no rule, but an entry",
        "Remove `no_rule`",
    ),
    "a row forgotten": (take("rows", 2, "no_rule"), "rows[2]", "Row 3 is in no entry", "reason under `no_rule`"),
    "a row that is not there": (put("entries", 0, "rows", value=[1, 9]), "entries[0].rows[1]", "no row 9", "rows 1 to 5"),
    "an id twice": (put("entries", 0, "id", value="probe"), "entries", "2 entries have the id probe", "its own id"),
    "the releases out of order": (
        put("releases", "known", value=["1.1", "1", "2.0.1"]),
        "releases.known[1]",
        "1 comes after 1.1",
        "ascending",
    ),
    "a default that is not a choice": (
        put("features", "web", "settings", "protocol", "default", value="ftp"),
        "features.web.settings.protocol.default",
        "ftp is not a choice",
        "Write http, https or quic.",
    ),
    "a feature without entries": (
        put("features", "idle", value={"title": {"en": "x", "zh": "x"}}),
        "features.idle",
        "No entry has the feature idle",
        "remove it",
    ),
    "a setting without use": (
        put("features", "failover", "settings", value={"x": {"title": {"en": "x", "zh": "x"}, "choices": ["a", "b"]}}),
        "features.failover.settings.x",
        "switches no entry",
        "remove it",
    ),
    "a feature unknown": (
        put("entries", 3, "feature", value="failovr"),
        "entries[3].feature",
        "no feature failovr",
        "failover",
    ),
    "a role unknown": (put("entries", 3, "role", value="twim"), "entries[3].role", "no role twim", "Did you mean 'twin'?"),
    "no source": (take("entries", 2, "source"), "entries[2]", "neither rows nor a source", "under `source`"),
    "directions mixed": (
        put("entries", 4, "rows", value=[5, 2]),
        "entries[4].rows",
        "print different directions: ingress or ingress and egress",
        "for each direction",
    ),
    "an erratum of another row": (
        put("entries", 4, "errata", 0, "row", value=1),
        "entries[4].errata[0].row",
        "not a row of the entry",
        "Write 5,",
    ),
    "an erratum of what is not printed": (
        put("entries", 4, "errata", 0, "printed", value="192.0.2.0/23"),
        "entries[4].errata[0].printed",
        "The host cell of row 5 does not print '192.0.2.0/23'",
        "as in `rows`",
    ),
    "a setting unknown": (
        put("entries", 0, "when", value={"protocl": ["http"]}),
        "entries[0].when.protocl",
        "no setting protocl",
        "Did you mean 'protocol'?",
    ),
    "a setting of a feature without any": (
        put("entries", 3, "when", value={"x": ["y"]}),
        "entries[3].when.x",
        "no setting x",
        "there are none",
    ),
    "a value that is not a choice": (
        put("entries", 0, "when", "protocol", value=["http", "ftp"]),
        "entries[0].when.protocol[1]",
        "ftp is not a choice",
        "Write http, https or quic.",
    ),
    "a port too high": (
        put("entries", 0, "ports", value=["65536"]),
        "entries[0].ports[0]",
        "65536 is not a port",
        "0 to 65535",
    ),
    "a range backwards": (
        put("entries", 0, "ports", value=["90-80"]),
        "entries[0].ports[0]",
        "90-80 is not a port",
        "ascends",
    ),
    "source ports backwards": (
        put("entries", 0, "source_ports", value="9-8"),
        "entries[0].source_ports",
        "9-8 is not a port",
        "ascends",
    ),
    "ports that touch": (
        put("entries", 0, "ports", value=["80", "81"]),
        "entries[0].ports[1]",
        "is not above",
        "one range",
    ),
    "ports of icmp": (
        put("entries", 3, "ports", value=["8"]),
        "entries[3].ports",
        "Only tcp and udp have ports",
        "0-65535",
    ),
    "host bits": (
        put("entries", 4, "networks", value=["192.0.2.1/25"]),
        "entries[4].networks[0]",
        "host bits set",
        "Write 192.0.2.0/25",
    ),
    "a release unknown": (
        put("entries", 2, "releases", "last", value="3"),
        "entries[2].releases.last",
        "3 is not a known release",
        "Write one of 1, 1.1, 2.0.1.",
    ),
    "releases backwards": (
        put("entries", 2, "releases", value={"first": "2.0.1", "last": "1"}),
        "entries[2].releases",
        "newer than the last",
        "the older one",
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_mistake_is_reported_with_its_line_its_key_and_what_to_write(name: str, written: Callable[[Any], str]) -> None:
    spoil, key, message, hint = SPOILT[name]
    data = document()
    spoil(data)
    problems = problems_of(written(data))
    found = [
        problem for problem in problems if problem.place.key == key and message in problem.message and hint in problem.hint
    ]
    assert found, [str(problem) for problem in problems]
    assert all(problem.place.line is not None and problem.place.line > 0 for problem in problems)


def test_the_line_is_the_one_the_mistake_stands_in(written: Callable[[Any], str]) -> None:
    data = document()
    data["entries"][0]["role"] = "visitor"
    path = written(data)
    (problem,) = [problem for problem in problems_of(path) if problem.place.key == "entries[0].role"]
    assert problem.place.line is not None
    assert '"visitor"' in Path(path).read_text().splitlines()[problem.place.line - 1]


def test_a_file_with_tabs_still_has_lines(written: Callable[[bytes], str]) -> None:
    text = SMALL.read_text().replace("  ", "\t").replace('"visitors", "purpose"', '"visitor", "purpose"')
    assert {problem.place.line is not None for problem in problems_of(written(text.encode()))} == {True}


def test_all_mistakes_are_reported_at_once_and_none_twice(written: Callable[[Any], str]) -> None:
    data = document()
    del data["name"], data["title"], data["edition"]
    problems = problems_of(written(data))
    assert sorted(problem.message for problem in problems) == [
        f"The key {key} is missing." for key in ("edition", "name", "title")
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["any", "tcp", "80", "1.0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_put_anywhere_either_loads_or_is_reported(written: Callable[[Any], str], data: st.DataObject) -> None:
    spoilt = document()
    node = spoilt
    while True:
        keys: list[Any] = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], (dict, list)) or not node[key] or data.draw(st.integers(0, 3)) == 0:
            break
        node = node[key]
    node[key] = data.draw(json_values)
    try:
        outcome: Catalogue | tuple[Problem, ...] = load(written(spoilt))
    except InputError as error:
        outcome = error.problems
    assert isinstance(outcome, Catalogue) or all(problem.message.endswith(".") and problem.hint for problem in outcome)


def test_the_shipped_file_moved_elsewhere_reads_the_same(written: Callable[[Any], str]) -> None:
    assert load(written(shipped_document())).entries == load().entries
