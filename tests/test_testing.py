"""The assertions for users' own tests, and the example that documents them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from esacloud import workflow
from esacloud.packets.text import PacketTextError, parse_packets
from esacloud.testing import assert_denies, assert_permits

ROOT = Path(__file__).parents[1]
GROUPS = ROOT / "examples" / "audit" / "security-groups.json"
MANAGEMENT, DATA = "sg-0aaa0000000000001", "sg-0aaa0000000000002"


def test_what_passes_is_permitted_and_what_does_not_is_denied() -> None:
    packets = parse_packets("tcp/25 in from any", "tcp/22 in from 10.0.0.0/8")
    assert_permits(packets, "tcp/25 in from any")
    assert_permits(packets, "tcp/22 in from 10.20.0.0/16")
    assert_denies(packets, "tcp/22 in from 11.0.0.0/8")
    assert_denies(packets, "tcp/25 out to any")


def test_a_failure_names_a_packet_as_witness() -> None:
    packets = parse_packets("tcp/22 in from 10.0.0.0/9")
    with pytest.raises(AssertionError, match=r"does not permit tcp/22 in from 10\.128\.0\.0/9, but should"):
        assert_permits(packets, "tcp/22 in from 10.0.0.0/8")
    with pytest.raises(AssertionError, match=r"permits tcp/22 in from 10\.0\.0\.0/9, but should not"):
        assert_denies(packets, "every protocol in from any")


def test_what_is_open_to_everyone_is_open_to_a_reference() -> None:
    packets = parse_packets("tcp/25 in from 0.0.0.0/0")
    assert_permits(packets, "tcp/25 in from security_group:sg-1")
    with pytest.raises(AssertionError):
        assert_denies(packets, "tcp/25 in from self")


def test_a_file_as_audit_takes_it_is_a_subject() -> None:
    assert_permits(GROUPS, "tcp/25 in from any", interface=DATA)
    assert_denies(str(GROUPS), "tcp/82,83 in from any")
    with pytest.raises(AssertionError, match=rf"\({MANAGEMENT}\) permits tcp/22 in from 203\.0\.113\.7/32"):
        assert_denies(GROUPS, "tcp/22 in from 203.0.113.0/24")


def test_a_lowered_deployment_and_a_module_on_disk_are_subjects(tmp_path: Path) -> None:
    deployment = workflow.read_deployment(str(ROOT / "examples" / "small.yaml"))
    module = workflow.generate(deployment, "aws")
    workflow.write_module(str(tmp_path / "module"), module)
    interface = next(flow.interface for flow in module.policy.flows if flow.entries == ("smtp-in",))
    for subject in (module.lowered, tmp_path / "module"):
        assert_permits(subject, "tcp/25 in from 0.0.0.0/0", interface)
        assert_denies(subject, "tcp/22 in from 8.8.8.0/24")


def test_an_interface_has_to_be_named_where_there_are_several() -> None:
    with pytest.raises(ValueError, match=f"name one of the interfaces: {MANAGEMENT}, {DATA}"):
        assert_permits(GROUPS, "tcp/25 in from any")
    with pytest.raises(ValueError, match="name one of the interfaces"):
        assert_denies(GROUPS, "tcp/25 in from any", interface="data9")


def test_a_sentence_that_means_nothing_is_no_passed_test() -> None:
    with pytest.raises(PacketTextError):
        assert_denies(parse_packets(), "tpc/22 in from any")


def test_the_documented_example_runs() -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "examples/audit/test_groups.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "3 passed, 1 xfailed" in done.stdout
