"""A plan and a state of the real terraform, of a module that esacloud wrote: nothing is missing, unexpected or unknown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support.ec2_server import local_ec2
from support.terraform import Terraform, need_mirror, need_terraform

from esacloud.audit.model import Audit
from esacloud.audit.run import against_deployment
from esacloud.audit.sources import read_text
from esacloud.workflow import generate, read_deployment, write_module

pytestmark = pytest.mark.real

DEPLOYMENT = Path(__file__).parents[1] / "golden" / "cluster" / "deployment.yaml"


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Audit]]:
    """The audits of the plan and of the state, each against the deployment that the module was made from."""
    need_terraform()
    need_mirror()
    root = tmp_path_factory.mktemp("root")
    with local_ec2() as ec2:
        deployment = read_deployment(str(DEPLOYMENT), ec2.with_real_references(DEPLOYMENT.read_text(encoding="utf-8")))
        write_module(str(root / "gateway"), generate(deployment, "aws"))
        main = {"provider": {"aws": ec2.provider()}, "module": {"gateway": {"source": "./gateway"}}}
        (root / "main.tf.json").write_text(json.dumps(main))
        terraform = Terraform(root, ec2.environment)
        terraform("init")
        terraform("plan", "-out", "plan")
        shown = {"plan": terraform("show", "-json", "plan")}
        terraform("apply", "plan")
        shown["state"] = terraform("show", "-json")
        yield {
            name: against_deployment(read_text(text.encode(), name)[0], deployment, date(2026, 6, 1))
            for name, text in shown.items()
        }


@pytest.mark.parametrize("name", ["plan", "state"])
def test_what_terraform_makes_of_a_module_is_what_the_deployment_asks_for(audits: dict[str, Audit], name: str) -> None:
    audit = audits[name]
    assert audit.missing == ()
    assert audit.unexpected == ()
    assert audit.unknown == ()


@pytest.mark.parametrize("name", ["plan", "state"])
def test_every_group_was_looked_at(audits: dict[str, Audit], name: str) -> None:
    assert all(one.groups and one.rules for one in audits[name].interfaces)
