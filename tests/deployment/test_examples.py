"""The deployment files in `examples/`: in order, and nothing in them that we would not want copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from esacloud import workflow
from esacloud.catalogue.load import load
from esacloud.packets.addresses import Network
from esacloud.packets.sets import TCP

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
MODELINE = "# yaml-language-server: $schema=../schemas/deployment.schema.json\n"


def test_the_examples_that_the_documentation_names_are_there() -> None:
    assert {"small", "management-and-data", "cluster-behind-sma", "dual-stack", "everything"} <= {
        path.stem for path in EXAMPLES
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_in_order_and_names_its_schema(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith(MODELINE)
    deployment = workflow.read_deployment(str(path))
    assert deployment.warnings == ()
    for cloud in deployment.clouds:
        assert workflow.lower(deployment, cloud).policy.warnings == ()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_example_lets_everyone_in_but_for_mail(path: Path) -> None:
    deployment = workflow.read_deployment(str(path))
    for cloud in deployment.clouds:
        for flow in workflow.compile_for(deployment, cloud).flows:
            if flow.direction == "ingress" and isinstance(flow.remote, Network) and flow.remote.prefix == 0:
                assert (flow.transport, flow.ports) == ("tcp", (25, 25))


def test_everything_switches_every_feature_on_with_every_setting_written_out() -> None:
    (path,) = (path for path in EXAMPLES if path.stem == "everything")
    deployment, text = workflow.read_deployment(str(path)), path.read_text(encoding="utf-8")
    uses = {use.feature for interface in deployment.interfaces for use in interface.features}
    assert uses == set(load().features)
    for feature in load().features.values():
        for setting in feature.settings:
            assert f"{setting}: " in text, f"{feature.name}: {setting}"


def test_the_small_example_opens_what_its_head_says() -> None:
    (path,) = (path for path in EXAMPLES if path.stem == "small")
    lowered = workflow.lower(workflow.read_deployment(str(path)), "aws")
    inbound = lowered.packets["management"].only(direction="ingress")
    assert {box.ports for box in inbound.boxes() if box.protocols == (TCP, TCP)} == {(22, 22), (25, 25), (443, 443)}
