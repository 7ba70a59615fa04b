"""The schema and the reader agree: what the reader takes the schema takes, what the schema refuses the reader refuses."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from support.catalogues import SMALL
from support.deployments import BOTH, LEAST

from esacloud import workflow
from esacloud.catalogue.load import load
from esacloud.deployment.document import MappingNode, Node, ScalarNode, parse
from esacloud.deployment.read import read
from esacloud.deployment.reader import BOOLEANS, is_null, is_number
from esacloud.deployment.schema import deployment_schema
from esacloud.deployment.specification import root_keys
from esacloud.errors import InputError, Problem

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "schemas" / "deployment.schema.json"
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))


@cache
def validator() -> Draft202012Validator:
    schema = deployment_schema(load(), BOTH)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def as_editors_see(text: str) -> Any:
    """The JSON value of a YAML text, by the core schema of YAML 1.2."""

    def value(node: Node) -> Any:
        if isinstance(node, MappingNode):
            return {key.value: value(inner) for key, inner in node.value}
        if not isinstance(node, ScalarNode):
            return [value(inner) for inner in node.value]
        word = node.value
        if is_null(node):
            return None
        if not node.style and word in BOOLEANS:
            return word.lower() == "true"
        if not node.style and is_number(word):
            return int(word) if word.isdigit() else float(word)
        return word

    return value(parse("f.yaml", text)[0])


def reader_takes(text: str) -> bool:
    try:
        read("f.yaml", BOTH, text=text, catalogue=load())
    except InputError:
        return False
    return True


def test_the_committed_schema_is_the_one_of_the_shipped_catalogue() -> None:
    made = json.dumps(deployment_schema(load(), workflow.dialects()), indent=2, ensure_ascii=False) + "\n"
    if COMMITTED.read_text(encoding="utf-8") != made:
        pytest.fail("schemas/deployment.schema.json is stale; renew it: esacloud schema > schemas/deployment.schema.json")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_taken_by_the_committed_schema(path: Path) -> None:
    Draft202012Validator(json.loads(COMMITTED.read_text(encoding="utf-8"))).validate(as_editors_see(path.read_text()))


def test_the_spoilt_files_that_the_reader_takes_with_a_warning_are_taken_by_the_schema() -> None:
    taken = [text for text in (path.read_text(encoding="utf-8") for path in BAD) if reader_takes(text)]
    assert taken
    for text in taken:
        validator().validate(as_editors_see(text))


GOOD: dict[str, Any] = {
    **{key.name: yaml.safe_load(key.example) for key in root_keys(load(), BOTH) if key.example},
    **LEAST,
    "cloud": {
        "aws": {
            **LEAST["cloud"]["aws"],
            "name_prefix": "prod-",
            "tags": {"team": "mail", "cost": 4711},
            "quotas": {"rules_per_group": 100, "groups_per_interface": 4},
            "interfaces": {"data1": {"network_interfaces": ["eni-01234567"], "group": "sg-01234567"}},
        },
    },
    "interfaces": {
        "management": [
            "dns",
            {"syslog": {"transport": "tcp"}},
            {"ldap": {"port": 3268}},
            {"file-reputation": {"region": "eu"}},
        ],
        "data1": {"mail": {"peers": {"mail-senders": ["any"]}}, "ntp": None},
    },
    "peers": {
        "dns-servers": ["10.0.0.2", "2001:db8::/32", "any", "self", "dns.example.com", "sg-0123456789abcdef0"],
        "ntp-servers": "10.0.0.3",
        "syslog-servers": [
            {"network": "10.0.0.9", "note": "the old one"},
            {"hostname": "log.example.com"},
            {"security_group": "sg-01234567"},
            {"prefix_list": "pl-01234567", "max_entries": 7, "family": "ipv4"},
            {"aws": ["10.0.0.1", "self"]},
        ],
    },
    "families": ["ipv4", "ipv6"],
    "hostnames": {"default": "open", "syslog": "pinned", "file-reputation": "filtered"},
    "firewall": ["any", {"aws": "sg-01234567"}],
    "waivers": [{"code": "ESA003", "peer": "any", "reason": "migration", "until": "2027-03-31"}],
}


def test_the_file_that_is_spoilt_below_is_good() -> None:
    assert reader_takes(json.dumps(GOOD))
    validator().validate(GOOD)


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in places_in(child, (*path, key)))]


PLACES = places_in(GOOD)
WORDS = sorted(
    {str(place[-1]) for place in PLACES if place} | {"zzz", "nimbus", "flock", "10.0.0.1/8", "AWS", "<<", "", "aws:x"}
)
VALUES: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2000)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e6, max_value=1e6)
    | st.sampled_from(WORDS)
    | st.text(max_size=8)
    | st.just({})
    | st.just([])
    | st.sampled_from([place for place in PLACES if place]).map(lambda place: copy.deepcopy(at(GOOD, place)))
)


def at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """The good file with one or two places changed, taken out, doubled, or given another key."""
    content = copy.deepcopy(GOOD)
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from([place for place in places_in(content) if place]))
        around, key = at(content, place[:-1]), place[-1]
        match draw(st.sampled_from(["change", "remove", "add", "rename"])):
            case "change":
                around[key] = draw(VALUES)
            case "remove":
                del around[key]
            case "add" if isinstance(around, list):
                around.append(draw(VALUES))
            case "add":
                around[draw(st.sampled_from(WORDS) | st.text(max_size=8))] = draw(VALUES)
            case _ if isinstance(around, dict):
                around[draw(st.sampled_from(WORDS))] = around.pop(key)
    return content


@settings(max_examples=600, deadline=None)
@given(spoilt())
def test_the_schema_refuses_only_what_the_reader_refuses(content: Any) -> None:
    taken = reader_takes(json.dumps(content))
    if taken:
        validator().validate(content)


@settings(max_examples=150, deadline=None)
@given(spoilt())
def test_the_reader_answers_every_file_with_a_deployment_or_with_problems_that_have_a_place(content: Any) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        read("f.yaml", BOTH, text=yaml.safe_dump(content, sort_keys=False, allow_unicode=True), catalogue=load())
    except InputError as error:
        problems = error.problems
    assert all(problem.place.line for problem in problems)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("name",), "Mail"),
        (("asyncos",), "15.7"),
        (("cloud",), {}),
        (("cloud", "aws", "vpc"), "vpc-1"),
        (("cloud", "aws", "tags"), {"aws:x": "1"}),
        (("cloud", "aws", "quotas"), {"rules_per_group": 0}),
        (("interfaces",), {"data9": []}),
        (("interfaces", "management"), ["dnss"]),
        (("interfaces", "management"), ["file-reputation"]),
        (("interfaces", "management"), [{"syslog": {"transport": "sctp"}}]),
        (("peers",), {"dns": ["any"]}),
        (("peers", "dns-servers"), ["nameserver"]),
        (("peers", "dns-servers"), [{"prefix_list": "pl-01234567"}]),
        (("hostnames",), "pin"),
        (("hostnames",), {"mial": "open"}),
        (("firewall",), ["proxy"]),
        (("as_printed",), ["dns"]),
        (("waivers",), [{"code": "ESA003"}]),
        (("zzz",), 1),
    ],
    ids=str,
)
def test_the_schema_alone_finds_the_mistakes_that_an_editor_should_show(place: tuple[str, ...], value: Any) -> None:
    content = copy.deepcopy(GOOD)
    at(content, place[:-1])[place[-1]] = value
    assert not validator().is_valid(content)


def test_a_catalogue_of_one_s_own_gets_a_schema_of_its_own() -> None:
    catalogue = load(str(SMALL))
    schema = deployment_schema(catalogue, BOTH)
    Draft202012Validator.check_schema(schema)
    assert catalogue.release_key in schema["required"]
    assert set(schema["properties"]["interfaces"]["properties"]) == set(catalogue.interfaces)
