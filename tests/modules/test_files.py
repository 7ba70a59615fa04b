"""The modules that are committed are what the catalogue gives, and `esacloud modules` makes and checks them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from esacloud.catalogue.load import load
from esacloud.cli.main import main
from esacloud.modules.parts import part
from esacloud.modules.table import catalogue_document, not_public
from esacloud.modules.write import all_files, stale
from esacloud.provider import CLOUDS

ROOT = Path(__file__).parents[2]


def test_the_committed_modules_are_current() -> None:
    assert list(stale(str(ROOT / "modules"), all_files(load()))) == [], "run: esacloud modules"


def test_a_file_that_is_missing_changed_or_too_many_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "modules")
    assert main(["modules", "--out", out]) == 0
    assert main(["modules", "--out", out, "--check"]) == 0
    (tmp_path / "modules/aws/outputs.tf.json").unlink()
    (tmp_path / "modules/azure/README.md").write_text("mine")
    (tmp_path / "modules/aws/mine.tf").write_text("")
    capsys.readouterr()
    assert main(["modules", "--out", out, "--check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "aws/outputs.tf.json is missing.",
        "azure/README.md is not what the port catalogue of this version gives.",
        "aws/mine.tf is not a file of esacloud, and terraform reads it.",
    ]


def test_writing_again_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "modules")
    main(["modules", "--out", out])
    capsys.readouterr()
    assert main(["modules", "--out", out]) == 0
    assert "0 of them written" in capsys.readouterr().out


def test_a_disk_that_refuses_is_an_error_without_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "modules").write_text("a file stands here")
    assert main(["modules", "--out", str(tmp_path / "modules")]) == 3
    assert "cannot be" in capsys.readouterr().err


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_example_of_the_readme_is_the_one_that_the_tests_apply(cloud: str) -> None:
    example = part(cloud).EXAMPLE.replace(f'"./modules/{cloud}"', f'"../../../modules/{cloud}"')
    assert example in (ROOT / "examples/terraform" / cloud / "main.tf").read_text(encoding="utf-8")
    assert part(cloud).EXAMPLE in (ROOT / "modules" / cloud / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_readme_names_every_input_output_feature_and_role(cloud: str) -> None:
    texts = all_files(load())
    readme = texts[f"{cloud}/README.md"]
    documents = (json.loads(texts[f"{cloud}/{name}.tf.json"]) for name in ("variables", "outputs"))
    (inputs, outputs) = (next(iter(document.values())) for document in documents)
    for name in inputs:
        assert f'<a name="input_{name}"></a>' in readme
    for name in outputs:
        assert f'<a name="output_{name}"></a>' in readme
    for name in (*load().features, *load().roles):
        assert f"| `{name}` |" in readme


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_resource_is_made_by_count(cloud: str) -> None:
    main_file = json.loads(all_files(load())[f"{cloud}/main.tf.json"])
    made = [resource for named in main_file["resource"].values() for resource in named.values()]
    assert made
    assert all("for_each" in resource and "count" not in resource for resource in made)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_variable_and_output_has_a_description(cloud: str) -> None:
    texts = all_files(load())
    for name in ("variables", "outputs"):
        (blocks,) = json.loads(texts[f"{cloud}/{name}.tf.json"]).values()
        assert all(re.search(r"\.$", block["description"]) for block in blocks.values())


def test_guardrails_that_refuse_an_entry_are_found_by_asking_them() -> None:
    entries = catalogue_document(load())["locals"]["entries"]
    assert entries["cli-ssh"]["guards"]["ingress"] == ["ESA001"]
    assert entries["spam-quarantine-https"]["guards"]["ingress"] == ["ESA004"]
    assert entries["central-policy-quarantine"]["guards"]["egress"] == ["ESA005"]
    assert entries["dns"]["guards"] == {"ingress": [], "egress": [], "in-everyone": [], "out-everyone": []}


def test_the_private_networks_are_those_of_the_registry_joined() -> None:
    found = {str(network) for network in not_public()}
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"} <= found
    assert "224.0.0.0/3" in found  # multicast and reserved touch: one block holds what lies across both
