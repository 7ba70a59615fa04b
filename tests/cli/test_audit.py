"""`esacloud audit`: its output in three forms, its exit codes, and a live EC2."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import esacloud
from support.described import permission, security_group
from support.ec2_server import REGION, local_ec2
from support.schemas import valid

ROOT = Path(__file__).parents[2]
GROUPS = ROOT / "examples" / "audit" / "security-groups.json"
DEPLOYMENT = """\
name: mail-edge-1
asyncos: "15.5"
cloud:
  aws: {region: eu-central-1, vpc: vpc-0a1b2c3d4e5f60718}
interfaces:
  data1: [mail]
"""


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    mail = [permission("tcp/25", "0.0.0.0/0", "::/0")]
    path = tmp_path / "groups.json"
    path.write_text(json.dumps({"SecurityGroups": [security_group("sg-1", mail, mail)]}))
    return path


def test_the_example_says_all_three_things_and_ends_in_1() -> None:
    ran = esacloud("audit", GROUPS, "--features", "admin-cli,admin-gui,mail,snmp")
    assert (ran.code, ran.err) == (1, "")
    assert "any interface: missing" in ran.out
    assert "sg-0aaa0000000000001: unexpected" in ran.out
    assert re.search(r"error: ESA001 .*\n    sg-0aaa0000000000001: tcp/22 in from 203\.0\.113\.7/32 may pass\.", ran.out)
    assert "adminaccessconfig" in ran.out


def test_groups_in_order_end_in_0(clean: Path, tmp_path: Path) -> None:
    deployment = tmp_path / "gateway.yaml"
    deployment.write_text(DEPLOYMENT)
    ran = esacloud("audit", clean, "--deployment", deployment)
    assert ran.code == 0, ran.out
    assert "1 group with 4 rules audited: 0 flows missing, 0 rules unexpected, 0 guardrail findings" in ran.out


def test_json_is_as_its_schema_says(clean: Path) -> None:
    for words in ((GROUPS,), (GROUPS, "--features", "ntp"), (clean, "--features", "mail")):
        valid(json.loads(esacloud("audit", *words, "--json").out), "audit")


def test_an_interface_of_several_groups_is_one(tmp_path: Path) -> None:
    groups = "sg-0aaa0000000000001,sg-0aaa0000000000002"
    document = json.loads(esacloud("audit", GROUPS, "--interface", f"data1={groups}", "--json").out)
    assert document["interfaces"] == [{"interface": "data1", "groups": groups.split(","), "rules": 12}]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no-such.json"], "cannot be read"),
        ([str(GROUPS), "--features", "mial"], "Did you mean 'mail'?"),
        ([str(GROUPS), "--release", "99"], "no release '99'"),
        ([str(GROUPS), "--interface", "data1"], "NAME=GROUP"),
        ([str(GROUPS), "--interface", "data1=sg-9"], "no group 'sg-9'"),
        ([str(GROUPS), "--json", "--sarif"], "not allowed with"),
        (["aws:", "azure:"], "aws: must be the only source"),
        (["azure:", str(GROUPS)], "azure: must be the only source"),
        (["aws:", "aws:"], "must be the only source"),
        ([str(GROUPS), "--region", "eu-central-1"], "--region: error"),
        (["aws:", "--resource-group", "rg"], "it is for azure:"),
        (["azure:", "--profile", "p"], "it is for aws:"),
        (["gcp:"], "cannot be read"),
    ],
)
def test_bad_usage_ends_in_2_and_says_what_to_write(words: list[str], message: str) -> None:
    ran = esacloud("audit", *words)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_a_live_account_is_read_and_held_against_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    with local_ec2() as ec2:
        for name, value in ec2.environment.items():
            monkeypatch.setenv(name, value)
        group = ec2.client.create_security_group(GroupName="esa", Description="mail", VpcId=ec2.vpc)["GroupId"]
        ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("tcp/22", "8.8.8.0/24")])
        ran = esacloud("audit", "aws:", "--region", REGION, "--endpoint-url", ec2.url, "--json")
    assert ran.code == 1
    document = json.loads(ran.out)
    findings = [(found["interface"], found["code"]) for found in document["guardrails"]["findings"]]
    assert (group, "ESA001") in findings
    assert (group, "ESA010") in findings


def test_a_deployment_says_which_region_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    deployment = tmp_path / "gateway.yaml"
    mail = [permission("tcp/25", "0.0.0.0/0", "::/0")]
    with local_ec2() as ec2:
        for name, value in ec2.environment.items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
            monkeypatch.delenv(name, raising=False)
        deployment.write_text(DEPLOYMENT.replace("eu-central-1", REGION))
        group = ec2.client.create_security_group(GroupName="esa", Description="mail", VpcId=ec2.vpc)["GroupId"]
        ec2.client.authorize_security_group_ingress(GroupId=group, IpPermissions=mail)
        words = ("audit", "aws:", "--endpoint-url", ec2.url)
        ran = esacloud(*words, "--deployment", deployment, "--interface", f"data1={group}", "--json")
        nowhere = esacloud(*words)
    unexpected = json.loads(ran.out)["unexpected"]
    assert {one["group"] for one in unexpected} == {group}  # a new group lets everything out
    assert (nowhere.code, nowhere.out) == (2, "")
    assert "--region" in nowhere.err


def test_a_deployment_for_another_cloud_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    deployment = tmp_path / "gateway.yaml"
    deployment.write_text(DEPLOYMENT)
    ran = esacloud("audit", "azure:", "--deployment", deployment)
    assert ran.code == 2
    assert "The groups are on azure" in ran.err


def test_a_cloud_that_does_not_answer_ends_in_3(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    ran = esacloud("audit", "aws:", "--region", REGION, "--endpoint-url", "http://127.0.0.1:9")
    assert ran.code == 3
    assert "EC2 DescribeSecurityGroups: no answer" in ran.err


def test_an_audit_of_a_file_imports_no_cloud_sdk() -> None:
    run = f"from esacloud.cli.main import main; main(['audit', {str(GROUPS)!r}])"
    code = f"import sys; {run}; assert 'boto3' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
