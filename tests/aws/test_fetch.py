"""Reading a live account: the requests that are really sent are those that the documented permissions allow."""

from __future__ import annotations

from typing import Any

from support.ec2_server import local_ec2

from esacloud.aws.fetch import fetch_with
from esacloud.aws.live_permissions import COMMANDS


def test_an_audit_asks_for_what_its_permissions_say_and_nothing_else() -> None:
    sent: list[str] = []

    def journal(model: Any, **_: object) -> None:
        sent.append(model.name)

    with local_ec2() as ec2:
        ec2.client.meta.events.register("before-call.ec2", journal)
        groups = fetch_with(ec2.client)
    assert groups.groups
    assert set(sent) == set(COMMANDS["audit"])
