"""A full group of which both states need every rule: rules become their successors, within the safety invariant."""

from __future__ import annotations

import pytest
from support.faulty_proxy import TRANSIENT, at_operation
from support.live_ec2 import LiveEc2, new_name, text

from esacloud.change.execute import ChangeFailedError

FULL = "    quotas: {rules_per_group: 3}\n"  # mail out, and name servers by tcp and by udp
NARROW, WIDE = ["10.0.0.0/25"], ["10.0.0.0/24"]


def file(name: str, dns: list[str]) -> str:
    return text(name, dns, aws=FULL)


@pytest.mark.parametrize(("old", "new"), [(NARROW, WIDE), (WIDE, NARROW)])
def test_rules_turn_into_wider_and_narrower_ones_and_keep_their_ids(ec2: LiveEc2, old: list[str], new: list[str]) -> None:
    name = new_name()
    ec2.apply(file(name, old))
    before = _ids(ec2, name)
    live, plan = ec2.plan(file(name, new))
    assert [(step.action, step.calls) for step in plan.steps] == [
        ("replace", ("DescribeSecurityGroupRules", "ModifySecurityGroupRules"))
    ]
    ec2.carry_out(live, plan)
    assert ec2.permitted(name) == plan.planned.packets()
    assert _ids(ec2, name) == before
    assert ec2.plan(file(name, new))[1].clean
    ec2.destroy(file(name, new))


def _ids(ec2: LiveEc2, name: str) -> set[str]:
    groups = [group["GroupId"] for group in ec2.groups(name)]
    found = ec2.client.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": groups}])
    return {rule["SecurityGroupRuleId"] for rule in found["SecurityGroupRules"]}


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_at_any_call_keeps_the_invariant_and_the_result(ec2: LiveEc2, fault: str) -> None:
    for number in range(8):  # read, lock, read, read ids, modify, read back, unlock, and a call more that a fault makes
        name = new_name()
        ec2.apply(file(name, NARROW))
        desired = ec2.plan(file(name, WIDE))[1].planned.packets()
        ec2.proxy.reset()
        ec2.proxy.faults = {number: fault}
        with ec2.invariant(name, desired):
            ec2.apply(file(name, WIDE), client=ec2.faulty)
        assert ec2.permitted(name) == desired, number
        ec2.proxy.reset()
        ec2.destroy(file(name, WIDE))


def test_a_refusal_leaves_the_old_state_and_running_again_arrives(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(file(name, NARROW))
    before = ec2.permitted(name)
    for refused in ("DescribeSecurityGroupRules", "ModifySecurityGroupRules"):
        ec2.proxy.reset()
        ec2.proxy.choose = at_operation(refused, "refuse")
        with pytest.raises(
            ChangeFailedError, match=r"(?s)UnauthorizedOperation.*Failed: modify 2 outbound rules"
        ) as failed:
            ec2.apply(file(name, WIDE), client=ec2.faulty)
        assert "nothing that neither permits" in str(failed.value)
        assert ec2.permitted(name) == before
    ec2.proxy.reset()
    ec2.apply(file(name, WIDE))
    assert ec2.plan(file(name, WIDE))[1].clean
    ec2.destroy(file(name, WIDE))


def test_a_rule_that_somebody_took_away_meanwhile_turns_into_nothing_and_the_run_plans_again(ec2: LiveEc2) -> None:
    name = new_name()
    ec2.apply(file(name, NARROW))
    live, plan = ec2.plan(file(name, WIDE))
    (group,) = ec2.groups(name)
    taken = [one for one in group["IpPermissionsEgress"] if one["IpProtocol"] == "udp"]
    ec2.client.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=taken)
    applied = ec2.carry_out(live, plan)
    assert applied.calls.count("CreateSecurityGroup") == 1  # the lock of a run that has met somebody
    assert "add" in {step.action for step in applied.plan.steps}
    assert ec2.plan(file(name, WIDE))[1].clean
    ec2.destroy(file(name, WIDE))


def test_halves_and_wholes_change_places_step_by_step(ec2: LiveEc2) -> None:
    name, quota = new_name(), "    quotas: {rules_per_group: 7}\n"
    old = text(name, ["10.0.0.0/24", "10.1.0.0/25", "10.1.0.128/25"], aws=quota)
    new = text(name, ["10.0.0.0/25", "10.0.0.128/25", "10.1.0.0/24"], aws=quota)
    ec2.apply(old)
    live, plan = ec2.plan(new, client=ec2.faulty)
    assert {step.action for step in plan.steps} == {"replace", "remove", "add"}
    with ec2.invariant(name, plan.planned.packets()):
        ec2.carry_out(live, plan)
    assert ec2.plan(new)[1].clean
    ec2.destroy(new)
