"""`esacloud generate` and `esacloud verify`, as a person at a terminal meets them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from support.command import esacloud
from support.schemas import valid

from esacloud.catalogue.load import load

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL = EXAMPLES / "small.yaml"
AWS_EXAMPLES = sorted(path for path in EXAMPLES.glob("*.yaml") if "aws:" in path.read_text(encoding="utf-8"))


@pytest.fixture
def module(tmp_path: Path) -> Path:
    out = tmp_path / "module"
    assert esacloud("generate", SMALL, "--out", out, "--quiet").code == 0
    return out


def bytes_of(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}


def test_a_module_appears_and_the_summary_says_what_was_proven(tmp_path: Path) -> None:
    ran = esacloud("generate", SMALL, "--out", tmp_path / "out")
    assert ran.code == 0
    for label in ("groups", "quotas", "table rows", "uncovered", "proven"):
        assert re.search(rf"^{label} ", ran.out, re.M)
    assert "no more and no less" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 110
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        *("main.tf.json", "variables.tf.json", "outputs.tf.json", "versions.tf.json"),
        *("README.md", "manifest.json"),
    }


@pytest.mark.parametrize("path", AWS_EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_generated_without_a_warning_and_proven_again(path: Path, tmp_path: Path) -> None:
    ran = esacloud("generate", path, "--out", tmp_path / "out", "--cloud", "aws")
    assert (ran.code, ran.err) == (0, "")
    assert esacloud("verify", path, tmp_path / "out", "--cloud", "aws").code == 0


def test_the_same_input_gives_the_same_bytes(module: Path, tmp_path: Path) -> None:
    first = bytes_of(module)
    assert esacloud("generate", SMALL, "--out", module, "-q").code == 0
    assert bytes_of(module) == first
    assert esacloud("generate", SMALL, "--out", tmp_path / "other", "-q").code == 0
    assert bytes_of(tmp_path / "other") == first


def test_the_json_summary_satisfies_its_schema(tmp_path: Path) -> None:
    ran = esacloud("generate", SMALL, "--out", tmp_path / "out", "--json")
    document = valid(json.loads(ran.out), "generate")
    (made,) = document["modules"]
    rows = [*made["rows_covered"], *(left["row"] for left in made["rows_uncovered"])]
    assert sorted(rows) == [row.number for row in load().rows]
    assert made["files"] == sorted(path.name for path in (tmp_path / "out").iterdir())


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    assert esacloud("generate", SMALL, "--out", tmp_path / "out", "--quiet") == (0, "", "")


def test_bad_input_is_exit_code_2_and_nothing_is_written(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(SMALL.read_text(encoding="utf-8").replace("dns-servers:", "dns-server:"), encoding="utf-8")
    ran = esacloud("generate", bad, "--out", tmp_path / "out")
    assert (ran.code, ran.out) == (2, "")
    assert re.search(r"bad\.yaml:\d+:\d+: peers\.dns-server: error: .*dns-servers", ran.err)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.yaml", "--out", "x"], "nowhere.yaml"),
        ([str(SMALL)], "--out"),
        ([str(SMALL), "--out", "x", "--cloud", "gcp"], "Choose aws."),
        ([str(SMALL), "--out", "x", "--clod", "aws"], "--clod"),
        ([str(EXAMPLES), "--out", "x"], "directory"),
    ],
)
def test_wrong_words_are_exit_code_2(words: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = esacloud("generate", *words)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_ours_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text("# somebody's own\n")
    ran = esacloud("generate", SMALL, "--out", tmp_path)
    assert ran.code == 2
    assert "main.tf" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["main.tf"]


def test_a_file_edited_by_hand_is_not_lost_without_force(module: Path) -> None:
    edited = module / "main.tf.json"
    edited.write_text(edited.read_text().replace("10.20.0.0/24", "10.21.0.0/24"))
    before = bytes_of(module)
    ran = esacloud("generate", SMALL, "--out", module)
    assert ran.code == 2
    assert "main.tf.json" in ran.err
    assert "--force" in ran.err
    assert bytes_of(module) == before
    assert esacloud("generate", SMALL, "--out", module, "--force").code == 0
    assert esacloud("verify", SMALL, module).code == 0


def test_verify_says_proven_for_what_generate_wrote(module: Path) -> None:
    ran = esacloud("verify", SMALL, module)
    assert (ran.code, ran.err) == (0, "")
    assert "proven: permits exactly the packets of the policy" in ran.out


def test_verify_shows_a_packet_for_every_difference(module: Path) -> None:
    path = module / "main.tf.json"
    path.write_text(path.read_text().replace('"cidr_ipv4": "10.20.0.0/24"', '"cidr_ipv4": "10.21.0.0/24"', 1))
    ran = esacloud("verify", SMALL, module)
    assert ran.code == 1
    assert "in from 10.21.0.0/24 is permitted by the rules and not by the policy." in ran.out
    assert "in from 10.20.0.0/24 is permitted by the policy and not by the rules." in ran.out
    ran = esacloud("verify", SMALL, module, "--json")
    document = valid(json.loads(ran.out), "verify")
    assert (ran.code, document["proven"]) == (1, False)
    (found,) = document["modules"][0]["differences"]
    assert any("10.21.0.0/24" in box for box in found["extra"])
    assert any("10.20.0.0/24" in box for box in found["missing"])


@pytest.mark.parametrize(
    "name", ["main.tf.json", "variables.tf.json", "outputs.tf.json", "versions.tf.json", "manifest.json"]
)
def test_verify_catches_any_one_changed_digit(module: Path, name: str) -> None:
    path = module / name
    text = path.read_text(encoding="utf-8")
    digits = [match.start() for match in re.finditer(r"\d", text)]
    step = max(1, len(digits) // 150)  # every digit would take minutes; each run of digits is met
    for at in digits[::step]:
        path.write_text(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :], encoding="utf-8")
        ran = esacloud("verify", SMALL, module)
        assert ran.code in (1, 2), f"{name}: a changed digit at {at} went unseen: {text[at - 20 : at + 20]!r}"
    path.write_text(text, encoding="utf-8")
    assert esacloud("verify", SMALL, module).code == 0


def test_verify_proves_against_the_file_as_it_is_now(module: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.yaml"
    changed.write_text(SMALL.read_text(encoding="utf-8").replace("10.20.0.0/24", "10.20.0.0/25"), encoding="utf-8")
    ran = esacloud("verify", changed, module)
    assert ran.code == 1
    assert "10.20.0.128/25 is permitted by the rules and not by the policy." in ran.out


def test_verify_of_a_directory_that_holds_no_module_is_bad_input(tmp_path: Path) -> None:
    ran = esacloud("verify", SMALL, tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert str(tmp_path) in ran.err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory_is_reported_plainly(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    ran = esacloud("generate", SMALL, "--out", tmp_path / "out")
    assert ran.code in (2, 3)
    assert "Traceback" not in ran.err
