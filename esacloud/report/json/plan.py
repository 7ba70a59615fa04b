"""What `plan`, `apply` and `lab` print with `--json` (schemas/plan, apply and lab.schema.json)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from esacloud.change.execute import Applied
from esacloud.change.model import ChangePlan, GroupChange, LiveRule
from esacloud.change.plan import step_summary
from esacloud.report.json.findings import boxes

if TYPE_CHECKING:
    from esacloud.lab.process import RunningLab


def plans_document(plans: Iterable[ChangePlan]) -> dict[str, Any]:
    """The document of `plan`."""
    made = [plan_document(plan) for plan in plans]
    return {"changes": any(plan["changes"] for plan in made), "plans": made}


def plan_document(plan: ChangePlan) -> dict[str, Any]:
    """One plan."""
    return {
        "cloud": plan.actual.cloud,
        "deployment": plan.actual.deployment,
        "scope": dict(plan.actual.scope),
        "fingerprint": plan.fingerprint,
        "changes": not plan.empty,
        "unmanaged": plan.unmanaged,
        "unmanaged_rules": [{"group": group, **_rule(rule)} for group, rule in plan.left_unmanaged],
        "groups": [_change(change) for change in plan.changes if change],
        "packets": [
            {"interface": change.interface, "opened": boxes(change.opened), "closed": boxes(change.closed)}
            for change in plan.packet_changes
        ],
        "steps": [
            {
                "action": step.action,
                "group": step.group,
                "summary": step_summary(step),
                "calls": list(step.calls),
                "reason": step.reason,
            }
            for step in plan.steps
        ],
        "quotas": [
            {"quota": desired.quota, "actual": actual.used, "desired": desired.used, "limit": desired.limit}
            for actual, desired in plan.quotas
        ],
        "notes": list(plan.notes),
    }


def applied_document(done: Iterable[Applied]) -> dict[str, Any]:
    """The document of `apply`, `destroy` and `restore`."""
    return {
        "applied": [
            {
                "plan": plan_document(applied.plan),
                "groups": [
                    {
                        "name": group.name,
                        "interface": group.interface,
                        "id": group.id,
                        "rules": len(group.rules),
                        "attached": list(group.attached),
                    }
                    for group in applied.state.groups
                ],
                "snapshot": None if applied.snapshot is None else str(applied.snapshot),
                "calls": list(applied.calls),
            }
            for applied in done
        ]
    }


def labs_document(labs: Iterable[RunningLab]) -> dict[str, Any]:
    """The document of `lab`."""
    return {"labs": [{"cloud": lab.cloud, "address": lab.address, "process": lab.pid, "lag": lab.lag} for lab in labs]}


def _change(change: GroupChange) -> dict[str, Any]:
    known = change.actual or change.desired
    return {
        "name": change.name,
        "interface": change.interface,
        "id": known.id if known else None,
        "action": "create" if change.actual is None else "delete" if change.delete else "change",
        "add": [_rule(rule) for rule in change.add],
        "remove": [_rule(rule) for rule in change.remove],
        "describe": [{**_rule(new), "previous": old.description} for old, new in change.describe],
        "tags": dict(change.tags),
        "untag": list(change.untag),
        "attach": list(change.attach),
        "detach": list(change.detach),
    }


def _rule(rule: LiveRule) -> dict[str, Any]:
    return {
        "rule": rule.key,
        "rows": list(rule.rows),
        "entries": list(rule.entries),
        "description": rule.description,
        "managed": rule.managed,
    }
