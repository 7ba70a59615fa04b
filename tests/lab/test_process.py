"""Labs as processes: started with a lag, seen with it, and not taken for labs with another."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import esacloud
from support.live_ec2 import ENI, GROUP, LIST, text
from support.real_parts import missing
from support.schemas import valid

from esacloud.aws.live.calls import client_for
from esacloud.errors import InputError
from esacloud.lab import process
from esacloud.lab.process import lag_of, lag_text


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    for module in ("boto3", "moto", "flask", "flask_cors"):
        try:
            __import__(module)
        except ImportError:
            missing(f"{module} is not installed")
    yield tmp_path
    process.stop("aws", tmp_path)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("2s", 2), ("500ms", 0.5), ("0.5s", 0.5), ("0s", 0), ("1ms", 0.001), ("123456.789s", 123456.789)],
)
def test_a_lag_is_a_number_with_its_unit(written: str, seconds: float) -> None:
    assert lag_of(written) == seconds
    assert lag_of(lag_text(seconds)) == seconds


@pytest.mark.parametrize("written", ["2", "s", "", "-1s", "1m", "2 s", "1e3s", ".5s", "nan", "2s ", "0.5ms"])
def test_any_other_text_is_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(InputError, match="--lag 2s"):
        lag_of(written)


def test_a_lab_runs_with_the_lag_that_it_was_started_with(state: Path) -> None:
    where = ("--state-dir", state)
    started = esacloud("lab", "start", "aws", "--lag", "1500ms", *where)
    assert started.code == 0, started.err
    assert "lag: reads in the aws lab are 1.5s old" in started.out
    assert "1.5s old" in esacloud("lab", *where).out
    (lab,) = valid(json.loads(esacloud("lab", "--json", *where).out), "lab")["labs"]
    assert lab["lag"] == 1.5
    assert esacloud("lab", "start", "aws", *where).code == 0
    assert esacloud("lab", "start", "aws", "--lag", "1.5s", *where).code == 0
    other = esacloud("lab", "start", "aws", "--lag", "2s", *where)
    assert other.code == 2
    assert "running with a lag of 1.5s" in other.err
    assert "esacloud lab stop aws" in other.err


def test_reads_of_a_lab_with_a_lag_show_an_older_state(state: Path) -> None:
    lab = process.start("aws", state, 1.0)
    client = client_for(process.lab_of("aws").connection(lab.address), "eu-central-1")
    vpc = client.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = client.create_security_group(GroupName="new", Description="new", VpcId=vpc)["GroupId"]
    filters = [{"Name": "group-id", "Values": [group]}]
    made = time.monotonic()
    assert client.describe_security_groups(Filters=filters)["SecurityGroups"] == []
    while not client.describe_security_groups(Filters=filters)["SecurityGroups"]:
        assert time.monotonic() < made + 10
        time.sleep(0.05)
    assert time.monotonic() - made > 0.9


def test_what_a_file_names_is_there_at_once_whatever_the_lag(state: Path, tmp_path: Path) -> None:
    process.start("aws", state, 3600.0)
    file = tmp_path / "gateway.yaml"
    file.write_text(text("gate", [GROUP, f"{{prefix_list: {LIST}, max_entries: 5}}"], attached=[ENI]))
    for _ in range(2):
        planned = esacloud("plan", file, "--lab", "--state-dir", state)
        assert planned.code == 1, planned.err
    assert "because the file names them" not in planned.err


def test_a_lag_without_a_start_is_refused(tmp_path: Path) -> None:
    for action in ("status", "stop"):
        refused = esacloud("lab", action, "--lag", "2s", "--state-dir", tmp_path)
        assert refused.code == 2
        assert "esacloud lab start --lag 2s" in refused.err
    bad = esacloud("lab", "start", "aws", "--lag", "soon", "--state-dir", tmp_path)
    assert bad.code == 2
    assert "'soon' is not a duration" in bad.err
