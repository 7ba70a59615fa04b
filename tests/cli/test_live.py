"""plan, apply, destroy, restore and lab as commands, on a lab that they start themselves."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import esacloud
from support.live_ec2 import ENI, GROUP, LIST, text
from support.real_parts import missing
from support.schemas import valid

from esacloud.cli.live_options import state_directory
from esacloud.errors import InputError

FILE = text("mail-edge-1", ["10.0.0.2", GROUP, f"{{prefix_list: {LIST}, max_entries: 5}}"], attached=[ENI])


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state directory with no lab running when the tests begin and end."""
    for module in ("boto3", "moto", "flask", "flask_cors"):
        try:
            __import__(module)
        except ImportError:
            missing(f"{module} is not installed")
    directory = tmp_path_factory.mktemp("state")
    yield directory
    esacloud("lab", "stop", "--state-dir", directory)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.yaml"
    path.write_text(FILE)
    return path


def test_a_gateway_is_planned_applied_changed_restored_and_destroyed_in_the_lab(state: Path, file: Path) -> None:
    where = ("--lab", "--state-dir", state)
    planned = esacloud("plan", file, *where)
    assert planned.code == 1
    assert "+ ingress tcp/25 from 0.0.0.0/0  (row 6: smtp-in (mail-senders))" in planned.out
    assert "nothing outside this machine is touched" in planned.err
    assert GROUP in planned.err
    assert esacloud("plan", file, *where, "--detailed-exitcode").code == 2
    valid(json.loads(esacloud("plan", file, *where, "--json").out), "plan")

    applied = esacloud("apply", file, *where, "--yes")
    assert applied.code == 0, applied.err
    assert "Verified: 1 group with 10 rules" in applied.out
    clean = esacloud("plan", file, *where, "--detailed-exitcode")
    assert clean.code == 0
    assert "nothing to change" in clean.out

    file.write_text(FILE.replace("10.0.0.2", "10.0.0.3"))
    changed = json.loads(esacloud("apply", file, *where, "--yes", "--json").out)
    valid(changed, "apply")
    snapshot = changed["applied"][0]["snapshot"]
    valid(json.loads(Path(snapshot).read_text()), "snapshot")
    back = esacloud("restore", snapshot, *where, "--yes")
    assert back.code == 0, back.err
    file.write_text(FILE)
    assert esacloud("plan", file, *where).code == 0

    assert esacloud("lab", "--state-dir", state).out.startswith("AWS lab at http://127.0.0.1:")
    gone = esacloud("destroy", file, *where, "--yes")
    assert gone.code == 0, gone.err
    assert "Verified: all groups are deleted." in gone.out
    assert "lab: aws stopped" in gone.err
    assert "no lab is running" in esacloud("lab", "--state-dir", state).out
    lost = esacloud("restore", snapshot, *where, "--yes")
    assert lost.code == 2
    assert "is not running" in lost.err


def test_a_lab_outlives_its_command_and_other_programs_find_it(state: Path) -> None:
    words = [sys.executable, "-m", "esacloud", "lab", "start", "aws", "--state-dir", str(state)]
    started = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    address = re.search(r"http://127\.0\.0\.1:\d+", started)
    assert address
    import boto3

    client = boto3.client(
        "ec2", endpoint_url=address[0], region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    assert client.describe_vpcs()["Vpcs"]
    document = valid(json.loads(esacloud("lab", "--json", "--state-dir", state).out), "lab")
    assert document["labs"][0]["address"] == address[0]
    assert esacloud("lab", "start", "aws", "--json", "--state-dir", state).out.count(address[0]) == 1
    assert esacloud("lab", "stop", "--state-dir", state).out == "aws: stopped\n"
    assert esacloud("lab", "stop", "--state-dir", state).out == "no lab was running\n"


def test_a_plan_that_nobody_can_approve_is_refused_before_anything_is_read(file: Path, tmp_path: Path) -> None:
    for words in (("apply", file), ("destroy", file), ("restore", tmp_path / "nothing.json")):
        ran = esacloud(*words, "--endpoint-url", "http://127.0.0.1:1", "--state-dir", tmp_path)
        assert ran.code == 2
        assert "Add --yes" in ran.err


def test_a_cloud_that_cannot_be_reached_is_exit_code_three(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    ran = esacloud("plan", file, "--endpoint-url", "http://127.0.0.1:1", "--state-dir", tmp_path)
    assert ran.code == 3
    assert "no answer" in ran.err


@pytest.mark.parametrize("content", ["", "{}", '{"esacloud_snapshot": 1}', "[1, 2]", "null"])
def test_a_file_that_is_no_snapshot_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "snapshot.json"
    path.write_text(content)
    ran = esacloud("restore", path, "--yes", "--state-dir", tmp_path)
    assert ran.code == 2
    assert "snapshot.json" in ran.err


def test_an_unknown_profile_or_lab_is_bad_input(file: Path, tmp_path: Path) -> None:
    ran = esacloud("plan", file, "--profile", "nobody-has-this", "--state-dir", tmp_path)
    assert ran.code == 2
    assert "nobody-has-this" in ran.err
    assert esacloud("plan", file, "--profile", "nobody-has-this", "--detailed-exitcode").code == 1
    assert esacloud("lab", "start", "mars", "--state-dir", tmp_path).code == 2


def test_a_user_without_a_home_directory_is_asked_for_a_state_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: int) -> None:
        raise KeyError

    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(InputError, match=r"--state-dir: error: This user has no home directory.*or set HOME"):
        state_directory(Namespace(state_dir=None))
