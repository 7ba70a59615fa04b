"""The compiler on small readable cases: each file in `cases/` holds a title, a deployment, and the flows or the error."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import yaml

from esacloud import workflow
from esacloud.errors import InputError
from esacloud.policy.model import Policy
from esacloud.policy.packets import flow_boxes, packets

CASES = Path(__file__).parent / "cases"
PREFACE = 'name: gateway\nasyncos: "15.5"\ncloud: {aws: {region: eu-central-1, vpc: vpc-0a1b2c3d4e5f60718}}\n'


def read_case(path: Path) -> dict[str, str]:
    parts = re.split(r"^=([A-Z ]+)=[ \n]?", path.read_text(encoding="utf-8"), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def case_files() -> list[object]:
    paths = sorted(CASES.glob("*.txt"))
    return [pytest.param(path, id=read_case(path)["TITLE"].strip()) for path in paths]


def compile_text(text: str) -> Policy:
    return workflow.compile_for(workflow.read_deployment("case.yaml", text=PREFACE + text), "aws")


def lines_of(policy: Policy) -> list[str]:
    """`interface: box | entries | rows`, and the host names where any stands for them."""
    lines = []
    for flow in policy.flows:
        (box,) = flow_boxes([flow])
        rows = ",".join(map(str, flow.rows)) or "-"
        names = f" | {' '.join(flow.names)}" if flow.names else ""
        lines.append(f"{flow.interface}: {box} | {' '.join(flow.entries)} | {rows}{names}")
    return lines


@pytest.mark.parametrize("path", case_files())
def test_a_deployment_becomes_the_flows_of_its_case(path: Path) -> None:
    case = read_case(path)
    if "ERROR" in case:
        with pytest.raises(InputError) as caught:
            compile_text(case["INPUT"])
        text = str(caught.value)
        for line in case["ERROR"].strip().splitlines():
            assert line in text
        return
    policy = compile_text(case["INPUT"])
    assert lines_of(policy) == case["FLOWS"].strip().splitlines()
    assert [f"{warning.place.key}: {warning.message}" for warning in policy.warnings] == case.get(
        "WARNINGS", ""
    ).splitlines()
    if "UNCOVERED" in case:
        by_row = {str(item.row): item.why.en for item in policy.uncovered}
        for line in case["UNCOVERED"].strip().splitlines():
            row, _, why = line.partition(": ")
            assert by_row[row] == why


def examples() -> list[Path]:
    return sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def shuffle(node: yaml.Node, random_: random.Random) -> None:
    """Every mapping and list of a YAML tree in another order; texts keep their quotes."""
    if isinstance(node, yaml.CollectionNode):
        random_.shuffle(node.value)
        for item in node.value:
            for inside in item if isinstance(item, tuple) else (item,):
                shuffle(inside, random_)


@pytest.mark.parametrize("path", examples(), ids=lambda path: path.stem)
def test_the_order_of_the_file_does_not_change_the_policy(path: Path) -> None:
    straight = workflow.read_deployment(str(path))
    for seed in range(5):
        tree = yaml.compose(path.read_text(encoding="utf-8"))
        assert tree is not None
        shuffle(tree, random.Random(seed))
        text = yaml.serialize(tree)
        other = workflow.read_deployment(str(path), text=text)
        assert other.digest == straight.digest
        for cloud in straight.clouds:
            assert workflow.compile_for(other, cloud).flows == workflow.compile_for(straight, cloud).flows


@pytest.mark.parametrize("path", examples(), ids=lambda path: path.stem)
def test_every_table_row_is_in_a_flow_or_uncovered_with_a_reason(path: Path) -> None:
    deployment = workflow.read_deployment(str(path))
    for cloud in deployment.clouds:
        policy = workflow.compile_for(deployment, cloud)
        uncovered = [item.row for item in policy.uncovered]
        assert sorted([*policy.rows, *uncovered]) == list(range(1, 49))
        assert all(item.why.en and item.why.zh for item in policy.uncovered)


@pytest.mark.parametrize("path", examples(), ids=lambda path: path.stem)
def test_no_flow_comes_in_from_everyone_but_mail(path: Path) -> None:
    deployment = workflow.read_deployment(str(path))
    for cloud in deployment.clouds:
        for flow in workflow.compile_for(deployment, cloud).flows:
            if flow.direction == "ingress" and str(flow.remote) in ("0.0.0.0/0", "::/0"):
                assert flow.entries == ("smtp-in",)


def test_taking_one_peer_away_takes_away_just_its_packets() -> None:
    two = compile_text("interfaces: {management: [dns]}\npeers: {dns-servers: [10.0.0.2, 10.0.0.3]}\n")
    one = compile_text("interfaces: {management: [dns]}\npeers: {dns-servers: [10.0.0.2]}\n")
    gone = packets(two, "management") - packets(one, "management")
    assert [str(box) for box in gone.boxes()] == ["tcp/53 out to 10.0.0.3/32", "udp/53 out to 10.0.0.3/32"]
    assert set(one.flows) < set(two.flows)
