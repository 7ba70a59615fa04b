"""Every call of a change is spoilt in every way, and the law is checked against the server's own state after each call."""

from __future__ import annotations

import pytest
from support.faulty_proxy import TRANSIENT
from support.live_ec2 import ENI, GROUP, LIST, LiveEc2, new_name, text

from esacloud.change import run, snapshot
from esacloud.change.execute import ChangeFailedError
from esacloud.errors import OutsideError

MANY = [f"10.1.0.{number}" for number in range(1, 9)]
QUOTA = "    quotas: {rules_per_group: 8}\n"
# name -> (old file or None, new file or None for destroy), of the deployment's name
SCENARIOS = {
    "fresh": (None, lambda name: text(name, attached=[ENI])),
    "change": (
        lambda name: text(name, ["10.0.0.2", GROUP], "mail, dns, cluster"),
        lambda name: text(name, ["10.0.0.3", f"{{prefix_list: {LIST}, max_entries: 5}}"], "mail, dns"),
    ),
    "no room": (
        lambda name: text(name, MANY[:3], aws=QUOTA),
        lambda name: text(name, MANY[3:6], aws=QUOTA),
    ),
    "destroy": (lambda name: text(name, attached=[ENI]), None),
}


def calls_of(ec2: LiveEc2, scenario: str) -> int:
    """How many calls a scenario takes when nothing goes wrong."""
    name, old, new = _files(scenario)
    if old:
        ec2.apply(old)
    ec2.proxy.reset()
    _go(ec2, name, old, new)
    number = len(ec2.proxy.calls)
    _clear(ec2, name, old or new)
    return number


def _files(scenario: str) -> tuple[str, str | None, str | None]:
    name = new_name()
    old, new = SCENARIOS[scenario]
    return name, old(name) if old else None, new(name) if new else None


def _go(ec2: LiveEc2, name: str, old: str | None, new: str | None) -> object:
    return ec2.apply(new, client=ec2.faulty) if new else ec2.destroy(old or "", client=ec2.faulty)


def _clear(ec2: LiveEc2, name: str, file: str | None) -> None:
    ec2.proxy.reset()
    if file and ec2.groups(name):
        ec2.destroy(file)


def _new_packets(ec2: LiveEc2, new: str | None) -> dict:
    if new is None:
        return {}
    _, plan = ec2.plan(new)
    return plan.after.packets()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_fault_that_passes_at_any_call_leaves_the_law_and_the_result_as_they_are(ec2: LiveEc2, scenario: str) -> None:
    for fault in TRANSIENT if scenario == "change" else ("throttle", "cut-after"):
        for number in range(calls_of(ec2, scenario)):
            name, old, new = _files(scenario)
            if old:
                ec2.apply(old)
            wanted = _new_packets(ec2, new)
            ec2.proxy.reset()
            ec2.proxy.faults = {number: fault}
            with ec2.law(name, wanted):
                _go(ec2, name, old, new)
            assert ec2.permitted(name) == wanted, (fault, number)
            _clear(ec2, name, old or new)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_refusal_at_any_call_ends_the_run_within_the_law_and_both_ways_on_work(ec2: LiveEc2, scenario: str) -> None:
    for number in range(calls_of(ec2, scenario)):
        for way in ("on", "back") if scenario == "change" else (("on", "back")[number % 2],):
            name, old, new = _files(scenario)
            if old:
                ec2.apply(old)
            before, wanted = ec2.permitted(name), _new_packets(ec2, new)
            ec2.proxy.reset()
            ec2.proxy.faults = {number: "refuse"}
            with ec2.law(name, wanted), pytest.raises(OutsideError, match="UnauthorizedOperation") as failed:
                _go(ec2, name, old, new)
            if way == "on":
                _go(ec2, name, old, new)
                assert ec2.permitted(name) == wanted, number
            elif isinstance(failed.value, ChangeFailedError):
                _restore(ec2, str(failed.value.snapshot))
                assert ec2.permitted(name) == before, number
            _clear(ec2, name, old or new)


def _restore(ec2: LiveEc2, path: str) -> None:
    from support.live_ec2 import NO_WAIT

    from esacloud.live.cloud import Connection

    found = snapshot.load(path)
    live = run.connect_to(found, Connection(client=ec2.client, backoff=NO_WAIT))
    ec2.carry_out(live, run.plan_restore(live, found))
