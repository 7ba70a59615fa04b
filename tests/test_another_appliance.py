"""The code knows no vendor: another appliance, whose table the deployment file names, gets a proven module of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.catalogues import SMALL
from support.command import esacloud

from esacloud import workflow

FILE = """
catalogue: {catalogue}
name: balancer-1
firmware: "1.1"
cloud: {cloud}
interfaces:
  outside: [{{web: {{protocol: quic}}}}]
  inside: [failover]
peers:
  visitors: [10.7.0.0/16]
  twin: [10.8.0.2]
"""
CLOUDS = {
    "aws": "{aws: {region: eu-central-1, vpc: vpc-0a1b2c3d4e5f60718}}",
    "azure": "{azure: {resource_group: rg-web, location: westeurope}}",
}


@pytest.fixture(params=CLOUDS)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "balancer.yaml"
    path.write_text(FILE.format(catalogue=SMALL, cloud=CLOUDS[request.param]), encoding="utf-8")
    return path


def test_another_appliance_gets_its_module(file: Path, tmp_path: Path) -> None:
    ran = esacloud("generate", file, "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    (made,) = json.loads(ran.out)["modules"]
    assert sorted([*made["rows_covered"], *(left["row"] for left in made["rows_uncovered"])]) == [1, 2, 3, 4, 5]
    assert {4, 5} <= set(made["rows_covered"])
    assert esacloud("verify", file, tmp_path / "out").code == 0


def test_its_flows_are_those_of_its_own_table(file: Path) -> None:
    deployment = workflow.read_deployment(str(file))
    (cloud,) = deployment.clouds
    policy = workflow.compile_for(deployment, cloud)
    assert policy.interfaces == ("outside", "inside")
    assert {(flow.interface, flow.direction, flow.transport, flow.ports) for flow in policy.flows} == {
        ("outside", "ingress", "tcp", (443, 443)),
        ("outside", "ingress", "udp", (443, 443)),
        ("outside", "ingress", "udp", (8443, 8445)),
        ("inside", "ingress", "icmp", (0, 65535)),
        ("inside", "egress", "icmp", (0, 65535)),
        ("inside", "egress", "tcp", (443, 443)),
    }


def test_the_keys_of_the_shipped_table_mean_nothing_to_it(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace("firmware:", "asyncos:"), encoding="utf-8")
    ran = esacloud("check", file)
    assert ran.code == 2
    assert "'asyncos' is unknown" in ran.out
    assert "firmware" in ran.out
