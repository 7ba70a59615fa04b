"""`esacloud terraform` with the real terraform: exit codes, output, secrets, programs that are not there, verification."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from support.azurerm import Terraform as StubbedTerraform
from support.terraform import need_terraform

from esacloud.cli.main import main
from esacloud.errors import InputError, OutsideError
from esacloud.terraform.runner import Runner, find
from esacloud.workflow import generate, read_deployment, write_module

ROOT = Path(__file__).parents[2]
BUILT_IN = {  # a resource of terraform itself: no provider, no network
    "variable": {"secret": {"type": "string", "default": "none", "sensitive": True}},
    "resource": {"terraform_data": {"it": {"input": "${var.secret}"}}},
    "output": {"it": {"value": "${terraform_data.it.output}", "sensitive": True}},
}
pytestmark = pytest.mark.real


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root module that needs no provider."""
    need_terraform()
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    monkeypatch.setenv("CHECKPOINT_DISABLE", "1")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "main.tf.json").write_text(json.dumps(BUILT_IN))
    return tmp_path / "root"


def program(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_plan_says_1_for_changes_and_0_for_none(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["terraform", "validate", str(root)]) == 0
    assert main(["terraform", "plan", str(root)]) == 1
    assert "1 to add" in capfd.readouterr().out
    assert main(["terraform", "apply", str(root), "--yes"]) == 0
    assert "Not verified: add --deployment FILE" in capfd.readouterr().out
    assert main(["terraform", "plan", str(root)]) == 0
    assert main(["terraform", "destroy", str(root), "--yes"]) == 0
    assert json.loads((root / "terraform.tfstate").read_text())["resources"] == []


def test_output_that_has_no_file_behind_it_is_printed_all_the_same(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["terraform", "plan", str(root)]) == 1
    assert "1 to add" in capsys.readouterr().out


def test_what_terraform_refuses_ends_in_3_with_its_own_words(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (root / "broken.tf.json").write_text('{"locals": {"a": "${nonsense}"}}')
    assert main(["terraform", "validate", str(root)]) == 3
    err = capfd.readouterr().err
    assert "Invalid reference" in err
    assert "terraform validate failed with exit code 1" in err
    assert main(["terraform", "plan", str(root)]) == 3


def test_a_state_that_is_no_json_ends_in_3_without_a_traceback(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (root / "terraform.tfstate").write_text("not json")
    assert main(["terraform", "plan", str(root)]) == 3
    assert "Traceback" not in capfd.readouterr().err


def test_no_secret_is_in_an_argument_and_the_plan_is_gone_afterwards(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = f'stat -c %a "$(dirname "${{word#-out=}}")" >> {tmp_path}/modes'
    listing = f'for word in "$@"; do case "$word" in -out=*) {mode};; esac; done'
    spy = program(tmp_path / "spy", f'echo "$@" >> {tmp_path}/arguments\n{listing}\nexec {need_terraform()} "$@"')
    monkeypatch.setenv("TF_VAR_secret", "swordfish")
    assert main(["terraform", "apply", str(root), "--yes", "--binary", spy]) == 0
    printed = (tmp_path / "arguments").read_text()
    assert "apply" in printed
    assert "swordfish" not in printed
    assert (tmp_path / "modes").read_text().split() == ["700"]
    plans = [word.removeprefix("-out=") for word in printed.split() if word.startswith("-out=")]
    assert plans
    assert not any(Path(plan).parent.exists() for plan in plans)
    assert "swordfish" in (root / "terraform.tfstate").read_text()


def test_values_may_come_from_a_file(root: Path, tmp_path: Path) -> None:
    (tmp_path / "values.tfvars").write_text('secret = "from a file"\n')
    assert main(["terraform", "apply", str(root), "--yes", "--var-file", str(tmp_path / "values.tfvars")]) == 0
    assert "from a file" in (root / "terraform.tfstate").read_text()


def test_apply_without_anybody_to_ask_needs_yes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        assert main(["terraform", "apply", str(root)]) == 2
    assert not (root / "terraform.tfstate").exists()


def test_a_missing_program_is_an_error_that_says_how_to_install_one(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["terraform", "plan", str(root)]) == 3
    assert "developer.hashicorp.com/terraform/install" in capsys.readouterr().err
    assert main(["terraform", "plan", str(root), "--binary", "terraform-9"]) == 3
    assert "The program terraform-9 is not found" in capsys.readouterr().err


def test_an_old_terraform_is_refused_with_both_versions(root: Path, tmp_path: Path) -> None:
    old = program(tmp_path / "old", """echo '{"terraform_version": "1.1.9"}'""")
    with pytest.raises(OutsideError, match=r"1\.1\.9; esacloud needs 1\.5\.0 or newer"):
        Runner(str(root), old)


def test_a_program_that_is_no_terraform_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="is not terraform"):
        Runner(str(root), program(tmp_path / "other", "echo hello"))


def test_tofu_is_taken_where_there_is_no_terraform(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = tmp_path / "bin"
    places.mkdir()
    text = f"""case "$*" in version*-json*) echo '{{"terraform_version": "1.8.1"}}';; version*) echo "OpenTofu v1.8.1";;
    *) exec {need_terraform()} "$@";; esac"""
    tofu = program(places / "tofu", text)
    monkeypatch.setenv("PATH", str(places))
    assert find(None) == tofu
    runner = Runner(str(root))
    assert runner.version == (1, 8, 1)
    assert main(["terraform", "plan", str(root)]) == 1


def test_the_package_that_is_missing_is_named_with_its_extra(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_terraform", None)
    with pytest.raises(OutsideError, match=r"pip install 'esacloud\[terraform\]'"):
        Runner(str(root))


def test_a_directory_that_is_none_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        Runner(str(tmp_path / "nowhere"))


@pytest.fixture
def azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A generated module of Azure, with the stub of its provider."""
    deployment = read_deployment(str(ROOT / "examples" / "azure-cluster.yaml"))
    directory = tmp_path / "module"
    write_module(str(directory), generate(deployment, "azure"))
    stub = StubbedTerraform(directory, tmp_path / "plugins")
    for name in ("TF_CLI_CONFIG_FILE", "CHECKPOINT_DISABLE"):
        monkeypatch.setenv(name, stub.environment[name])
    return directory


def test_apply_verifies_the_state_against_the_module_and_against_a_deployment_file(
    azure: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["terraform", "apply", str(azure), "--yes", "--no-init"]
    assert main(words) == 0
    assert "Verified: the groups of mail-cluster-azure" in capfd.readouterr().out
    file = ROOT / "examples" / "azure-cluster.yaml"
    assert main([*words, "--deployment", str(file)]) == 0
    other = tmp_path / "other.yaml"
    other.write_text(file.read_text(encoding="utf-8").replace("[10.20.0.0/24, ", "[10.21.0.0/24, "), encoding="utf-8")
    capfd.readouterr()
    assert main([*words, "--deployment", str(other)]) == 1
    printed = capfd.readouterr().out
    assert "tcp/22 in from 10.20.0.0" in printed
    assert "is permitted by the rules and not by the policy" in printed


def test_a_module_that_was_edited_is_not_applied_without_a_deployment_file(azure: Path) -> None:
    main_file = azure / "main.tf.json"
    main_file.write_text(main_file.read_text(encoding="utf-8").replace("10.20.0.0/24", "0.0.0.0/0"), encoding="utf-8")
    assert main(["terraform", "apply", str(azure), "--yes", "--no-init"]) == 2
    assert not (azure / "terraform.tfstate").exists()
