"""The recipes of examples/ci, as far as they go without the services: their shell steps run here, in a git repository."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.ec2_server import local_ec2
from support.terraform import Terraform, need_mirror, need_terraform

ROOT = Path(__file__).parents[2]
WORKFLOW = yaml.safe_load((ROOT / "examples/ci/github-actions.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / "examples/ci/pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
NAME = "mail-edge-1"


class Repository:
    """A git repository with one deployment file and its module, both committed, and `esacloud` on the PATH."""

    def __init__(self, place: Path, **environment: str) -> None:
        self.place = place / "repository"
        programs = place / "bin"
        for folder in (self.place / "gateways", programs):
            folder.mkdir(parents=True)
        program = programs / "esacloud"
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m esacloud "$@"\n')
        program.chmod(0o755)
        path = os.pathsep.join([str(programs), *os.environ["PATH"].split(os.pathsep)])
        python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self.environment = {**os.environ, **WORKFLOW["env"], **environment, "PATH": path, "PYTHONPATH": python_path}
        self.deployment = self.place / "gateways" / f"{NAME}.yaml"
        shutil.copy(ROOT / "examples" / "small.yaml", self.deployment)
        assert self.run(f"esacloud generate gateways/{NAME}.yaml --out terraform/{NAME} --quiet").returncode == 0
        self.commit()

    def commit(self) -> None:
        identity = "-c user.name=test -c user.email=test@example.com -c commit.gpgsign=false"
        done = self.run(f"git init -q -b main; git add -A && git {identity} commit -q -m all")
        assert done.returncode == 0, done.stderr

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """A step as GitHub runs it."""
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        return subprocess.run(words, cwd=self.place, env=self.environment, capture_output=True, text=True, timeout=300)

    def job(self, name: str) -> dict[str, int]:
        """The job's own steps until one fails: what each is called -> its exit code."""
        codes = {}
        for step in own_steps(name):
            codes[step["name"]] = self.run(step["run"]).returncode
            if codes[step["name"]]:
                break
        return codes

    def hook(self, name: str) -> int:
        """A hook as pre-commit runs it: its entry split into words, then the files."""
        hook = next(hook for hook in HOOKS if hook["id"] == name)
        files = [] if hook.get("pass_filenames") is False else [f"gateways/{NAME}.yaml"]
        words = [*shlex.split(hook["entry"]), *files]
        return subprocess.run(words, cwd=self.place, env=self.environment, capture_output=True, timeout=300).returncode

    def change_deployment(self) -> None:
        text = self.deployment.read_text(encoding="utf-8")
        self.deployment.write_text(text.replace("10.20.0.0/24", "10.21.0.0/24"), encoding="utf-8")

    def change_module(self) -> None:
        main = self.place / "terraform" / NAME / "main.tf.json"
        main.write_text(main.read_text(encoding="utf-8").replace("10.20.0.0/24", "10.0.0.0/8"), encoding="utf-8")


def own_steps(job: str) -> list[dict[str, Any]]:
    steps = [step for step in WORKFLOW["jobs"][job]["steps"] if "run" in step and "pip install" not in step["run"]]
    assert all("esacloud" in step["run"] or "git" in step["run"] for step in steps)
    return steps


def test_the_job_passes_where_the_module_is_what_the_file_gives(tmp_path: Path) -> None:
    codes = Repository(tmp_path).job("module")
    assert list(codes.values()) == [0, 0, 0, 0]


def test_the_job_fails_where_the_file_was_changed_and_the_module_was_not(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.change_deployment()
    repository.commit()
    assert list(repository.job("module").items())[-1] == ("Fail where the committed module is another", 1)


def test_the_job_fails_where_the_module_was_edited(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.change_module()
    repository.commit()
    assert list(repository.job("module").values())[-1] != 0


def test_the_job_fails_on_a_file_that_is_wrong(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.deployment.write_text("name: [", encoding="utf-8")
    assert repository.job("module") == {"Check the deployment file": 1} or repository.job("module") == {
        "Check the deployment file": 2
    }


def test_the_hooks_pass_on_a_clean_repository_and_stop_a_file_without_its_module(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    assert [repository.hook(hook["id"]) for hook in HOOKS] == [0, 0, 0]
    repository.change_deployment()
    assert repository.hook("esacloud-generate") != 0  # it wrote the module, which is not staged yet
    assert repository.run("git add -A").returncode == 0
    assert [repository.hook(hook["id"]) for hook in HOOKS] == [0, 0, 0]


def test_the_verify_hook_stops_an_edited_module(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.change_module()
    assert repository.hook("esacloud-verify") == 1


def test_every_hook_says_which_files_it_is_for_and_the_version_that_is_current() -> None:
    from esacloud import __version__

    for hook in HOOKS:
        assert {"id", "name", "entry", "language", "files"} <= hook.keys()
        assert hook["additional_dependencies"] == [f"esacloud=={__version__}"]
    installs = [step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "pip" in step.get("run", "")]
    assert len(installs) == len(WORKFLOW["jobs"])
    assert all(f"=={__version__}" in run for run in installs)


@pytest.mark.real
def test_the_nightly_job_passes_after_apply_and_fails_once_somebody_changed_a_rule(tmp_path: Path) -> None:
    need_terraform()
    need_mirror()
    with local_ec2() as ec2:
        configured = Terraform(tmp_path, ec2.environment).environment
        names = ("TF_CLI_CONFIG_FILE", "TF_INPUT", "CHECKPOINT_DISABLE", "TF_REATTACH_PROVIDERS", *ec2.environment)
        repository = Repository(tmp_path, **{name: configured[name] for name in names})
        repository.deployment.write_text(
            ec2.with_real_references(repository.deployment.read_text(encoding="utf-8")), encoding="utf-8"
        )
        again = repository.run('esacloud generate "$DEPLOYMENT" --out "$MODULE" --quiet')
        assert again.returncode == 0, again.stderr
        root = repository.place / WORKFLOW["env"]["ROOT"]
        root.mkdir()
        (root / "main.tf").write_text(f'module "gateway" {{\n  source = "../{NAME}"\n}}\n')
        (root / "provider.tf.json").write_text(json.dumps({"provider": {"aws": ec2.provider()}}))
        applied = repository.run('esacloud terraform apply "$ROOT" --yes --deployment "$DEPLOYMENT"')
        assert applied.returncode == 0, applied.stdout + applied.stderr
        assert "Verified: the groups of mail-small in the state permit exactly" in applied.stdout
        (step,) = own_steps("drift")
        clean = repository.run(step["run"])
        assert clean.returncode == 0, clean.stdout + clean.stderr
        (group,) = ec2.groups("esacloud:deployment", "mail-small")
        anyone = {"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.client.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[anyone])
        assert repository.run(step["run"]).returncode == 1
