"""Filters of a site, changed through its API: what `esacloud.change.live.LiveCloud` asks for.

A filter is replaced whole by one call, so each step of a change is one call, and there is nothing between old and new.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from esacloud.change.live import Connection
from esacloud.change.model import ChangePlan, GroupChange, LiveGroup, LiveRule, State, Step
from esacloud.change.retry import LockedError
from esacloud.deployment.model import Deployment
from esacloud.errors import InputError, OutsideError, Place, Problem
from esacloud.policy.lowered import Lowered, QuotaUse
from toycloud.lower import box_of

LIMIT = 1000  # boxes that a site takes in one filter


def live(deployment: Deployment, connection: Connection) -> ToyLive:
    """The filters of a deployment. Raises InputError without an address."""
    return ToyLive(deployment.name, deployment.clouds["toy"].values["site"], connection)


def live_of(found: Mapping[str, Any], connection: Connection) -> ToyLive:
    """The filters of a snapshot's document."""
    return ToyLive(found["deployment"], found["scope"]["site"], connection)


def get(site: str | None, path: str) -> Any:
    """The answer to a GET request. Raises OutsideError."""
    return _send(site, "GET", path, None)


def _send(site: str | None, method: str, path: str, body: Any) -> Any:
    try:
        with urlopen(
            Request(f"{site}{path}", json.dumps(body).encode() if body else None, method=method), timeout=10
        ) as answer:
            return json.load(answer)
    except (URLError, OSError, ValueError) as error:
        raise OutsideError(f"Toy cloud: {method} {path}: {error}.") from error


class ToyLive:
    """One deployment at one site."""

    default_rules: tuple[LiveRule, ...] = ()

    def __init__(self, deployment: str, site: str, connection: Connection) -> None:
        if connection.endpoint_url is None:
            raise InputError(
                Problem(Place("toy"), "The address of the site is missing.", "Add --endpoint-url URL or --lab.")
            )
        self.deployment, self.site, self.url = deployment, site, connection.endpoint_url
        self.calls: list[str] = []

    def desired_state(self, lowered: Lowered) -> State:
        """The filters that the deployment asks for."""
        return self._state(self._group(name, boxes) for name, boxes in lowered.native.items())

    def read_state(self, desired: State | None) -> State:
        """The filters of the deployment as they are."""
        found = self._call("GET", "/filters", None)
        own = {name: each for name, each in found.items() if each["deployment"] == self.deployment}
        return self._state(replace(self._group(each["interface"], each["boxes"]), id=name) for name, each in own.items())

    def read_back(self, plan: ChangePlan) -> State:
        """The filters after a plan."""
        return self.read_state(plan.planned)

    def needs_lock(self, plan: ChangePlan) -> bool:
        """Never: filters are replaced whole."""
        return False

    def complete_state(self, actual: State, desired: State) -> State:
        """The site adds nothing."""
        return desired

    def empty_state(self, actual: State) -> State:
        """No filter."""
        return replace(actual, groups=())

    def ordered_steps(self, changes: tuple[GroupChange, ...], planned: State) -> tuple[Step, ...]:
        """One call for each filter that changes."""
        return tuple(
            Step("delete", change.name, change.interface, calls=("DELETE",))
            if change.delete
            else Step("put", change.name, change.interface, calls=("PUT",))
            for change in changes
            if change
        )

    def quota_uses(self, state: State) -> tuple[QuotaUse, ...]:
        """Boxes of each filter."""
        return tuple(QuotaUse(f"{group.name}: boxes", len(group.rules), LIMIT) for group in state.groups)

    def execute_step(self, step: Step, plan: ChangePlan, ids: dict[str, str]) -> None:
        """Replace or delete one filter."""
        path = f"/filters/{self.deployment}-{step.group}"
        if step.action == "delete":
            self._call("DELETE", path, None)
            return
        (group,) = (group for group in plan.planned.groups if group.name == step.group)
        boxes = [rule.native["box"] for rule in group.rules]
        self._call("PUT", path, {"deployment": self.deployment, "interface": group.interface, "boxes": boxes})
        ids[group.name] = path

    def hold_lock(self, owner: str) -> AbstractContextManager[None]:
        """The site keeps no lock."""
        raise LockedError("The toy cloud keeps no lock")

    def rule_from_native(
        self, native: Mapping[str, Any], description: str, counts: tuple[tuple[str, int], ...] = ()
    ) -> LiveRule:
        """A rule from its own form: `{"box": [...]}`."""
        box = box_of(native["box"])
        return LiveRule(str(box), box.direction, (box,), description, native, counts=counts)

    def _call(self, method: str, path: str, body: Any) -> Any:
        self.calls.append(method)
        return _send(self.url, method, path, body)

    def _state(self, groups: Iterable[LiveGroup]) -> State:
        return State("toy", self.deployment, {"site": self.site}, tuple(groups), {"boxes": LIMIT})

    def _group(self, interface: str, boxes: list[list[Any]]) -> LiveGroup:
        rules = tuple({rule.key: rule for rule in (self.rule_from_native({"box": box}, "") for box in boxes)}.values())
        return LiveGroup(interface, interface, f"{self.deployment}-{interface}", "", rules)
