"""Requests and wall time of a change on Azure, against the project's own Resource Manager on this machine.

    python -m benchmarks.apply_azure [--json]

One gateway with 40 rules in one group: made, planned without a change, changed by one rule, destroyed; as a command in a
process of its own, and as a library in this one. Requests are those that reached the server: about resources, and polls of
running operations (the server is asked twice for each, as it is set up here). Then 100 gateways are made by 8 threads.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from esacloud import workflow
from esacloud.change import run
from esacloud.change.live import Connection, LiveCloud
from esacloud.change.model import ChangePlan
from esacloud.deployment.model import Deployment
from esacloud.lab.arm import ArmEmulator

GATEWAYS, THREADS = 100, 8


class Measured(NamedTuple):
    """One run."""

    how: str
    what: str
    requests: int
    polls: int
    seconds: float


def deployment_text(name: str, server: str = "10.3.0.9") -> str:
    """A gateway with 40 rules on one interface."""
    return f"""\
name: {name}
asyncos: "15.5"
cloud: {{azure: {{resource_group: rg-bench, location: westeurope}}}}
interfaces:
  management:
    - admin-cli
    - admin-gui
    - mail
    - dns
    - ntp
    - syslog
    - updates
    - reputation
    - ldap
    - ldaps
    - snmp
    - snmp-traps
    - cluster: {{transport: both}}
hostnames: open
peers:
  administrators: [10.20.0.0/24, "fd00:20::/64"]
  mail-senders: [any]
  mail-receivers: [any]
  dns-servers: [10.0.0.2, "fd00:20::53"]
  ntp-servers: [{server}, "fd00:20::7b"]
  syslog-servers: [10.20.2.14, "fd00:20::14"]
  ldap-servers: [10.0.0.8, "fd00:20::8"]
  ldaps-servers: [10.0.0.8, "fd00:20::8"]
  snmp-managers: [10.0.0.9, "fd00:20::9"]
  cluster-members: [10.40.0.11, "fd00:20::11"]
"""


def of_command(arm: ArmEmulator, directory: Path) -> Iterator[Measured]:
    """The four runs of the command."""
    first, second = directory / "first.yaml", directory / "second.yaml"
    first.write_text(deployment_text("bench-command"))
    second.write_text(deployment_text("bench-command", "10.3.0.8"))
    more = ["--endpoint-url", arm.url, "--state-dir", str(directory / "state")]

    def go(*words: str) -> Callable[[], None]:
        def start() -> None:
            command = [sys.executable, "-m", "esacloud", *words, *more]
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, env={**os.environ, **arm.environment()}
            )
            if done.returncode != 0:
                raise SystemExit(f"{' '.join(command)} ended in {done.returncode}:\n{done.stdout}{done.stderr}")

        return start

    yield measured(arm, "command", "make", go("apply", str(first), "--yes"))
    yield measured(arm, "command", "plan, nothing to do", go("plan", str(first)))
    yield measured(arm, "command", "change one rule", go("apply", str(second), "--yes"))
    yield measured(arm, "command", "destroy", go("destroy", str(second), "--yes"))


def of_library(arm: ArmEmulator, directory: Path) -> Iterator[Measured]:
    """The same four in this process."""
    connection = Connection(client=arm.client())

    def apply(server: str) -> None:
        live, plan = planned(server)
        run.apply(live, plan, directory)

    def read(server: str) -> Deployment:
        return workflow.read_deployment("bench.yaml", deployment_text("bench-library", server))

    def connected(server: str) -> LiveCloud:
        return workflow.connect(read(server), "azure", connection)

    def planned(server: str) -> tuple[LiveCloud, ChangePlan]:
        live = connected(server)
        return live, run.plan(live, workflow.lower(read(server), "azure"))

    def destroy() -> None:
        live = connected("10.3.0.8")
        run.apply(live, run.plan_destroy(live), directory)

    apply("10.3.0.9")
    destroy()  # the first of everything takes its time to import
    yield measured(arm, "library", "make", lambda: apply("10.3.0.9"))
    yield measured(arm, "library", "plan, nothing to do", lambda: planned("10.3.0.9") and None)
    yield measured(arm, "library", "change one rule", lambda: apply("10.3.0.8"))
    yield measured(arm, "library", "destroy", destroy)


def measured(arm: ArmEmulator, how: str, what: str, go: Callable[[], None]) -> Measured:
    """Count the requests of one run, those for tokens apart, and take its time."""
    start, begun = len(arm.calls), time.perf_counter()
    go()
    seconds = time.perf_counter() - begun
    calls = [call for call in arm.calls[start:] if call.path.startswith("/subscriptions/")]
    about = sum(call.is_about_state for call in calls)
    return Measured(how, what, about, len(calls) - about, seconds)


def many(arm: ArmEmulator, directory: Path) -> Measured:
    """Gateways made by threads, through one client."""
    connection = Connection(client=arm.client())

    def make(number: int) -> None:
        deployment = workflow.read_deployment("bench.yaml", deployment_text(f"bench-{number}"))
        live = workflow.connect(deployment, "azure", connection)
        run.apply(live, run.plan(live, workflow.lower(deployment, "azure")), directory)

    def go() -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(make, range(GATEWAYS)))

    return measured(arm, "library", f"{GATEWAYS} gateways, {THREADS} threads", go)


def main() -> int:
    """Measure and print."""
    parser = ArgumentParser(prog="python -m benchmarks.apply_azure", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="esacloud-benchmark-") as scratch:
        directory = Path(scratch)
        with ArmEmulator(resource_groups={"rg-bench": "westeurope"}) as arm:
            os.environ["AZURE_SUBSCRIPTION_ID"] = arm.subscription
            rows = [*of_command(arm, directory), *of_library(arm, directory), many(arm, directory)]
    if arguments.json:
        print(json.dumps([row._asdict() for row in rows], indent=2))
        return 0
    deployment = workflow.read_deployment("bench.yaml", deployment_text("bench"))
    rules = sum(line.inbound + line.outbound for line in workflow.lower(deployment, "azure").groups)
    print(f"{rules} rules in one group")
    for row in rows:
        print(f"{row.how:8} {row.what:28} {row.requests:5} requests, {row.polls:4} polls, {row.seconds:7.3f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
