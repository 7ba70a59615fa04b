"""Every tool is given the whole policy, and what it makes of it is read back exactly."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("benchmarks", reason="the benchmarks stand beside the package in a checkout and are not installed")

from benchmarks import experiments, inputs
from benchmarks.equal_policy import packets
from benchmarks.tools import aerleon, capirca, esacloud, fwshift, pol

PEERS = [capirca, aerleon, fwshift]


@pytest.fixture(params=[esacloud, *PEERS], ids=lambda tool: tool.NAME)
def tool(request):
    if find_spec(request.param.DISTRIBUTION) is None:
        pytest.skip(f"{request.param.NAME} is not installed; the extra `bench` has it")
    return request.param


def test_the_output_permits_exactly_the_policy(tool, tmp_path: Path):
    policy = inputs.site()
    out = experiments.convert(tool, policy, tmp_path)
    for interface, wanted in packets(policy.flows).items():
        assert (tool.packets(out, policy)[interface] ^ wanted) <= tool.leeway()


def test_there_is_a_rule_for_every_flow(tool, tmp_path: Path):
    policy = inputs.site()
    rules = tool.rules(tool.resources(experiments.convert(tool, policy, tmp_path)))
    assert rules >= len(policy.flows)


def test_a_changed_port_in_the_output_is_found(tool, tmp_path: Path):
    policy = inputs.site()
    out = experiments.convert(tool, policy, tmp_path)
    for file in out.rglob("*"):
        if file.is_file():
            file.write_text(re.sub(r"\b6443\b", "6444", file.read_text()))
    assert any(
        not (tool.packets(out, policy)[interface] ^ wanted) <= tool.leeway()
        for interface, wanted in packets(policy.flows).items()
    )


def test_many_policies_become_as_many_outputs(tool, tmp_path: Path):
    from benchmarks.measure import run

    source, out = experiments.fresh(tmp_path / "in"), experiments.fresh(tmp_path / "out")
    policies = inputs.sites(3)
    tool.write_input(source, policies)
    run(tool.many(source, out), tmp_path)
    assert sorted(path.name.partition(".")[0] for path in out.iterdir()) == ["0000", "0001", "0002"]
    assert all(
        (tool.packets(out, policies[0])[interface] ^ wanted) <= tool.leeway()
        for interface, wanted in packets(policies[0].flows).items()
    )


def test_esacloud_makes_a_rule_for_each_pair_and_one_more_flow_changes_nothing_else(tmp_path: Path):
    shape = experiments.shape(esacloud, inputs.site(), inputs.site_with_one_more(), tmp_path)
    assert (shape.rules, shape.changed) == (73, 2)


def test_a_tool_that_leaves_a_flow_out_stops_the_run(tmp_path: Path):
    whole = inputs.site()
    smaller = type(whole)(whole.text, whole.flows[1:])  # esacloud reads the text, and the check holds it to the flows
    with pytest.raises(experiments.UnequalError, match="esacloud"):
        experiments.convert(esacloud, smaller, tmp_path)


def test_a_term_of_capirca_and_aerleon_for_every_flow(tmp_path: Path):
    policy = inputs.site()
    pol.write(tmp_path, [policy], "gce")
    text = (tmp_path / "pol" / "0000.pol").read_text()
    assert text.count("action:: accept") == len(policy.flows)
    assert text.count("action:: deny") == 1
    assert len((tmp_path / "def" / "NETWORK.net").read_text().splitlines()) == 73


def test_an_access_list_entry_of_fwshift_for_every_pair(tmp_path: Path):
    fwshift.write_input(tmp_path, [inputs.site()])
    text = (tmp_path / "0000.cfg").read_text()
    assert text.count(" extended permit ") == 73
