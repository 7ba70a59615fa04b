"""Reading a live account: the requests that are really sent are those that the documented permissions allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.ec2_server import local_ec2
from support.live_ec2 import NO_WAIT, live_ec2

from esacloud.aws.inventory.fetch import fetch_with
from esacloud.aws.live.permissions import COMMANDS


def test_an_audit_asks_for_what_its_permissions_say_and_nothing_else() -> None:
    sent: list[str] = []

    def journal(model: Any, **_: object) -> None:
        sent.append(model.name)

    with local_ec2() as ec2:
        ec2.client.meta.events.register("before-call.ec2", journal)
        groups = fetch_with(ec2.client)
    assert groups.groups
    assert set(sent) == set(COMMANDS["audit"])


def test_an_audit_asks_again_where_ec2_throttles(tmp_path: Path) -> None:
    with live_ec2(tmp_path) as ec2:
        ec2.furnish()
        ec2.proxy.faults = {0: "throttle", 1: "cut-after"}
        assert fetch_with(ec2.faulty, NO_WAIT) == fetch_with(ec2.client)
        assert [fault for _, _, fault in ec2.proxy.met] == ["throttle", "cut-after"]
