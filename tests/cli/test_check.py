"""`esacloud check`: every problem in a line, a count, and the exit code that says the worst."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.command import esacloud
from support.schemas import valid

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "examples" / "small.yaml"


def write(directory: Path, old: str = "", new: str = "", name: str = "f.yaml") -> Path:
    """The small example with one text in it replaced."""
    text = SMALL.read_text(encoding="utf-8")
    assert old in text
    file = directory / name
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def found_in(out: str) -> list[str]:
    """The lines about the file, without the checklist and the count after them."""
    lines = out.splitlines()
    end = next(
        (number for number, line in enumerate(lines) if line.startswith("Security groups cannot enforce these")),
        len(lines) - 1,
    )
    return lines[:end]


def test_a_file_in_order_gives_zero_a_checklist_and_a_count() -> None:
    ran = esacloud("check", SMALL)
    assert (ran.code, found_in(ran.out), ran.err) == (0, [], "")
    assert ran.out.count("[ ]") == 3
    assert "(adminaccessconfig)" in ran.out
    assert ran.out.endswith("\n1 file: 0 errors, 0 warnings\n")


def test_what_must_not_be_open_is_a_finding_with_its_reason_a_hint_and_a_waiver(tmp_path: Path) -> None:
    file = write(tmp_path, "[10.20.0.0/24]", "[any]")
    ran = esacloud("check", file)
    assert ran.code == 1
    assert f"{file}:14:20: peers.administrators[0]: error: ESA001 " in ran.out
    assert "management: tcp/22 in from every public IPv4 address and every public IPv6 address may pass." in ran.out
    for word in ("why: ", "hint: ", "or waive: {code: ESA001, peer: any, "):
        assert word in ran.out


def test_a_waiver_accepts_a_finding_until_it_expires(tmp_path: Path) -> None:
    file = write(tmp_path, "[10.20.0.0/24]", "[203.0.113.7, 8.8.8.8]")
    waiver = "{{code: {}, peer: any, reason: on the way out, until: {}}}"
    text = file.read_text(encoding="utf-8")
    codes = ("ESA001", "ESA002", "ESA015")
    file.write_text(text + "\nwaivers:\n" + "".join(f"  - {waiver.format(code, '2099-01-01')}\n" for code in codes))
    ran = esacloud("check", file)
    assert ran.code == 0, ran.out
    assert "waived until 2099-01-01: ESA001 " in ran.out
    file.write_text(text + "\nwaivers:\n" + "".join(f"  - {waiver.format(code, '2024-01-01')}\n" for code in codes))
    ran = esacloud("check", file)
    assert ran.code == 1
    assert "waivers[0]: error: " in ran.out
    assert "ESA001 The command line is reachable from public addresses." in ran.out


def test_findings_for_code_scanning_are_sarif(tmp_path: Path) -> None:
    file = write(tmp_path, "[10.20.0.0/24]", "[any]")
    log = json.loads(esacloud("check", "--sarif", file, tmp_path / "no.yaml").out)
    results = {result["ruleId"]: result for result in log["runs"][0]["results"]}
    assert log["version"] == "2.1.0"
    assert {"ESA001", "ESA002", "FILE"} <= results.keys()
    assert results["ESA001"]["locations"][0]["physicalLocation"]["region"]["startLine"] == 14


def test_warnings_alone_give_one(tmp_path: Path) -> None:
    file = write(tmp_path, "[10.0.0.2]", "[10.0.0.2, 10.0.0.2]")
    ran = esacloud("check", file)
    (first,) = found_in(ran.out)
    assert ran.code == 1
    assert first.startswith(f"{file}:17:27: peers.dns-servers[1]: warning: This item is the same as peers.dns-servers[0]")
    assert ran.out.endswith("1 file: 0 errors, 1 warning\n")


def test_a_file_that_cannot_be_used_gives_two(tmp_path: Path) -> None:
    file = write(tmp_path, "10.20.0.0/24", "10.20.0.5/24")
    ran = esacloud("check", file, SMALL)
    assert ran.code == 2
    assert ran.out.splitlines()[0].startswith(
        f"{file}:14:20: peers.administrators[0]: error: '10.20.0.5/24' has host bits set"
    )
    assert ran.out.splitlines()[-1] == "2 files: 1 error, 0 warnings"


def test_a_file_that_is_not_there_does_not_keep_the_others_from_being_checked(tmp_path: Path) -> None:
    ran = esacloud("check", tmp_path / "no.yaml", write(tmp_path, "asyncos", "asyncOS"))
    assert ran.code == 2
    assert "The file does not exist." in ran.out
    assert "'asyncOS' is unknown. Did you mean 'asyncos'?" in ran.out


def test_a_feature_without_its_peer_and_a_peer_that_nobody_uses_are_found(tmp_path: Path) -> None:
    file = write(tmp_path, "  dns-servers: [10.0.0.2]", "  snmp-managers: [10.20.4.10]")
    ran = esacloud("check", file)
    assert ran.code == 2
    assert "interfaces.management[3]: error: The feature dns needs the peer dns-servers" in ran.out
    assert "peers.snmp-managers: warning:" in ran.out


def test_more_rules_than_the_quotas_hold_are_found(tmp_path: Path) -> None:
    networks = ", ".join(f"10.{number}.0.{number % 2}/32" for number in range(250))
    file = write(tmp_path, "[10.20.0.0/24]", f"[{networks}]")
    ran = esacloud("check", file)
    assert ran.code == 2
    assert "interfaces.management: error: management: 501 inbound IPv4 rules" in ran.out


@pytest.mark.parametrize("old", ["", "[10.0.0.2]", "name:"])
def test_json_says_the_same_and_satisfies_its_schema(tmp_path: Path, old: str) -> None:
    file = write(tmp_path, old, old.replace("]", ", 10.0.0.2]").replace("name", "nam"))
    as_text, as_json = esacloud("check", file), esacloud("check", "--json", file)
    assert as_json.code == as_text.code
    document = valid(json.loads(as_json.out), "check")
    problems = document["files"][0]["problems"]
    for problem, line in zip(problems, found_in(as_text.out), strict=True):
        assert line == (
            f"{problem['file']}:{problem['line']}:{problem['column']}: "
            + (f"{problem['key']}: " if problem["key"] else "")
            + f"{problem['severity']}: {problem['message']} {problem['hint']}"
        )


def test_a_file_in_utf16_is_refused_without_a_traceback(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(SMALL.read_text(encoding="utf-8").encode("utf-16"))
    ran = esacloud("check", file)
    assert ran.code == 2
    assert ran.out.startswith(f"{file}: error: The file is in UTF-16. Save it in UTF-8")
