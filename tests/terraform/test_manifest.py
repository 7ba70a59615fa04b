"""The manifest: what it says, and that a changed character anywhere in a module is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.modules import TEXT, module
from support.schemas import valid

from esacloud._version import __version__
from esacloud.aws.terraform.read import read_back
from esacloud.terraform.directory import write
from esacloud.terraform.manifest import MANIFEST, differing_files, is_truncated, read_manifest
from esacloud.terraform.reading import read_documents
from esacloud.workflow import generate, read_deployment

FILES = dict(module().files)
GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*/module/manifest.json"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.parents[1].name)
def test_a_manifest_satisfies_its_schema(path: Path) -> None:
    valid(json.loads(path.read_text(encoding="utf-8")), "manifest")


def test_a_manifest_has_the_digest_of_every_other_file() -> None:
    manifest = json.loads(FILES[MANIFEST])["files"]
    assert manifest == {name: hashlib.sha256(text.encode()).hexdigest() for name, text in FILES.items() if name != MANIFEST}


def test_a_manifest_accounts_for_every_row_of_the_table() -> None:
    manifest = json.loads(FILES[MANIFEST])
    assert sorted({*manifest["rows"]["covered"], *manifest["rows"]["uncovered"]}) == list(range(1, 49))
    assert {left["row"] for left in manifest["uncovered"]} - {None} == set(manifest["rows"]["uncovered"])
    assert all(left["why"] for left in manifest["uncovered"])


def test_a_manifest_names_what_is_open_because_of_a_host_name_and_what_is_wider_than_asked() -> None:
    text = TEXT.format(administrators="[10.20.0.0/24]").replace(
        "management: [admin-cli, dns]", "management: [admin-cli, dns, updates, {ftp: {role: client, mode: active}}]"
    )
    text += "  ftp-servers: [10.0.7.1]\nhostnames: open\nwider: [ftp-client-data-active]\n"
    deployment = read_deployment("gateway.yaml", text)
    manifest = valid(json.loads(generate(deployment, "aws").files[MANIFEST]), "manifest")
    assert "downloads.ironport.com" in manifest["open_hostnames"]
    (widened,) = manifest["widened"]
    assert "from source port 20" in widened["policy"]
    assert "source port" not in widened["rules"]


def test_a_manifest_that_was_edited_says_so_and_one_cut_short_is_known() -> None:
    text = FILES[MANIFEST]
    manifest = read_manifest(text)
    assert manifest is not None
    assert manifest.intact
    edited = read_manifest(text.replace('"flows": ', '"flows": 1'))
    assert edited is not None
    assert not edited.intact
    for length in (0, 1, 10, 40, len(text) // 2):
        assert read_manifest(text[:length]) is None
        assert is_truncated(text[:length])


@pytest.mark.parametrize(
    "text",
    [
        *("[]", "{}", "null", '{"manifest": 2}', '{"manifest": 1, "esacloud": 1, "files": {}}', "[" * 100_000),
        '{"manifest": 1, "esacloud": "0.1.0", "files": {"../main.tf.json": "%s"}}' % ("0" * 64),
        '{"manifest": 1, "esacloud": "0.1.0", "files": {"manifest.json": "%s"}}' % ("0" * 64),
        '{"manifest": 1, "esacloud": "0.1.0", "files": {"main.tf.json": "0"}}',
    ],
)
def test_what_is_no_manifest_of_ours_is_not_taken_for_one(text: str) -> None:
    assert read_manifest(text) is None
    assert not is_truncated(text)


def deviation(directory: Path) -> bool:
    """Whether verifying would find anything, the packets aside."""
    documents, deviations = read_documents(str(directory))
    return bool(deviations or read_back(documents).deviations)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_character_in_any_file_is_found(tmp_path: Path, data: st.DataObject) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    assert not deviation(tmp_path)
    name = data.draw(st.sampled_from(sorted(FILES)))
    text = FILES[name]
    position = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([character for character in '019a"{ \n' if character != text[position]]))
    (tmp_path / name).write_text(text[:position] + other + text[position + 1 :])
    assert deviation(tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda folder: (folder / "more.tf").write_text(""), "more.tf: esacloud did not write this file"),
        (lambda folder: (folder / "x_override.tf.json").write_text("{}"), "x_override.tf.json: esacloud did not write"),
        (lambda folder: (folder / "x.tofu").write_text(""), "x.tofu: esacloud did not write"),
        (lambda folder: (folder / "outputs.tf.json").unlink(), "outputs.tf.json: The file cannot be read: No such file"),
        (lambda folder: (folder / MANIFEST).unlink(), "manifest.json: The file cannot be read"),
        (lambda folder: (folder / MANIFEST).write_text("{}"), "manifest.json: The file is not a manifest of esacloud"),
        (lambda folder: (folder / "main.tf.json").write_bytes(b"\xff\xfe"), "main.tf.json: The file is not UTF-8 text"),
        (lambda folder: (folder / "main.tf.json").write_text("{"), "main.tf.json:1:2: The file is not JSON"),
        (lambda folder: (folder / "main.tf.json").write_text("[1]"), "main.tf.json:1: The file is not a JSON object"),
        (
            lambda folder: (folder / "main.tf.json").write_text('{"a": 1,\n "b": {"c": 1, "c": 2}}'),
            "main.tf.json:2:16: c: The key 'c' occurs twice",
        ),
        (
            lambda folder: (folder / "README.md").rename(folder / ".gitignore")
            and (folder / "README.md").symlink_to(".gitignore"),
            "README.md: The file is a symbolic link",
        ),
    ],
)  # fmt: skip
def test_deviations_of_a_directory_are_reported(tmp_path: Path, change: Callable[[Path], object], says: str) -> None:
    write(str(tmp_path), FILES)
    change(tmp_path)
    documents, deviations = read_documents(str(tmp_path))
    assert any(deviation.startswith(says) for deviation in deviations), deviations
    assert read_back(documents) is not None


def test_variables_files_and_terraforms_own_files_are_not_odd(tmp_path: Path) -> None:
    write(str(tmp_path), FILES)
    for name in ("prod.auto.tfvars", "terraform.tfvars.json", ".terraform.lock.hcl", "terraform.tfstate", ".x.tf"):
        (tmp_path / name).write_text("{}")
    assert read_documents(str(tmp_path))[1] == ()


def test_lines_that_this_version_would_not_write_are_named_and_those_of_another_version_are_not_judged(
    tmp_path: Path,
) -> None:
    write(str(tmp_path), FILES)
    assert differing_files(str(tmp_path), FILES) == ()
    (tmp_path / "README.md").write_text(FILES["README.md"].replace("## Usage", "## Misuse"))
    number = FILES["README.md"].splitlines().index("## Usage") + 1
    (sentence,) = differing_files(str(tmp_path), FILES)
    assert sentence.startswith(f"README.md:{number}: ")
    (tmp_path / MANIFEST).write_text(FILES[MANIFEST].replace(f'"esacloud": "{__version__}"', '"esacloud": "0.0.9"'))
    assert differing_files(str(tmp_path), FILES) == ()
