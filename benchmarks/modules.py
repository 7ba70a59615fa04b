"""Three ways to have the same 40 rules in Terraform, in one run against a local EC2: time and calls of each command.

The reusable module of this project, the module that `esacloud generate` makes, and the style of terraform-aws-modules: one
`aws_security_group_rule` a rule, numbered by `count`. Needs terraform and its AWS provider (a mirror named in
TF_CLI_CONFIG_FILE will do); nothing leaves this machine: `python -m benchmarks.modules`.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from esacloud.lab.ec2.application import CREDENTIALS, ec2_server
from esacloud.workflow import generate, read_deployment, write_module

HERE = Path(__file__).parents[1]
REGION = "eu-central-1"
ADMINISTRATORS = [f"10.20.{number}.0/24" for number in range(10)]  # times two ports: 20 rules in
DNS_SERVERS = [f"10.30.0.{number}" for number in range(1, 11)]  # times udp and tcp: 20 rules out
LAST = "apply of it"  # may fail, and then the table says so
ANOTHER = "10.19.0.0/24"  # put first, where a numbered list moves everything

Write = Callable[[Path, str, list[str]], None]


def reusable(directory: Path, vpc: str, administrators: list[str]) -> None:
    """A root that calls modules/aws."""
    call = {
        "source": str(HERE / "modules" / "aws"),
        "name": "bench",
        "vpc_id": vpc,
        "features": {"management": {"admin-cli": {}, "admin-gui": {}, "dns": {}}},
        "peers": {"administrators": {"networks": administrators}, "dns-servers": {"networks": DNS_SERVERS}},
    }
    _write(directory, {"module": {"gateway": call}})


def generated(directory: Path, vpc: str, administrators: list[str]) -> None:
    """A root that calls what `generate` wrote."""
    content = {
        "name": "bench",
        "asyncos": "15.5",
        "cloud": {"aws": {"region": REGION, "vpc": vpc}},
        "interfaces": {"management": ["admin-cli", "admin-gui", "dns"]},
        "peers": {"administrators": administrators, "dns-servers": DNS_SERVERS},
    }
    module = generate(read_deployment("bench.yaml", json.dumps(content)), "aws")
    write_module(str(directory / "gateway"), module)
    _write(directory, {"module": {"gateway": {"source": "./gateway"}}})


def numbered(directory: Path, vpc: str, administrators: list[str]) -> None:
    """One older rule resource for each rule, by its number in a list."""
    rules = [("ingress", "tcp", port, network) for network in administrators for port in (22, 443)]
    rules += [("egress", protocol, 53, f"{server}/32") for server in DNS_SERVERS for protocol in ("udp", "tcp")]
    one = "local.rules[count.index]"
    _write(
        directory,
        {
            "locals": {"rules": [list(rule) for rule in rules]},
            "resource": {
                "aws_security_group": {"this": {"name_prefix": "bench-", "description": "bench", "vpc_id": vpc}},
                "aws_security_group_rule": {
                    "this": {
                        "count": "${length(local.rules)}",
                        "security_group_id": "${aws_security_group.this.id}",
                        "type": f"${{{one}[0]}}",
                        "protocol": f"${{{one}[1]}}",
                        "from_port": f"${{{one}[2]}}",
                        "to_port": f"${{{one}[2]}}",
                        "cidr_blocks": [f"${{{one}[3]}}"],
                    }
                },
            },
        },
    )


HOSTNAME_MODES: dict[str, Write] = {
    "reusable module": reusable,
    "generated module": generated,
    "one resource a rule, count": numbered,
}
_provider: dict[str, Any] = {}


def _write(directory: Path, document: dict[str, Any]) -> None:
    (directory / "main.tf.json").write_text(json.dumps({"provider": {"aws": _provider}, **document}))


class Calls(logging.Handler):
    """Counts the requests that the local EC2 logs."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """One line of the log is one request."""
        self.count += "POST" in record.getMessage()


@contextmanager
def counted() -> Iterator[tuple[str, Calls]]:
    """A local EC2 and the counter of its calls."""
    with ec2_server() as url:
        calls, log = Calls(), logging.getLogger("werkzeug")
        log.setLevel(logging.INFO)
        log.propagate, log.handlers = False, [calls]
        yield url, calls


def measure(name: str, write: Write, root: Path, vpc: str, calls: Calls) -> dict[str, Any]:
    """Every command of one way: seconds, calls, and what the plan for one network more would do."""
    directory = root / name.replace(" ", "-").replace(",", "")
    directory.mkdir()
    environment = {**os.environ, **CREDENTIALS, "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    found: dict[str, Any] = {"way": name}

    def run(step: str, *words: str) -> str:
        before, start = calls.count, time.perf_counter()
        done = subprocess.run(["terraform", *words], cwd=directory, env=environment, capture_output=True, text=True)
        if done.returncode and step != LAST:
            raise SystemExit(f"{name}: terraform {' '.join(words)}:\n{done.stdout}{done.stderr}")
        if step:
            found[step] = {
                "seconds": round(time.perf_counter() - start, 1),
                "calls": calls.count - before,
                "failed": re.findall(r"api error (\w+\.?\w*)", done.stderr)[:1] if done.returncode else [],
            }
        return done.stdout

    write(directory, vpc, ADMINISTRATORS)
    run("", "init")
    run("plan", "plan", "-out=first")
    run("apply", "apply", "first")
    run("plan after apply", "plan")
    write(directory, vpc, [ANOTHER, *ADMINISTRATORS])
    if name == "generated module":
        run("", "init")
    run("plan of one network more", "plan", "-out=second")
    changes = json.loads(run("", "show", "-json", "second"))["resource_changes"]
    actions = ["/".join(change["change"]["actions"]) for change in changes]
    found["one network more"] = {action: actions.count(action) for action in sorted(set(actions) - {"no-op"})}
    run(LAST, "apply", "second")
    return found


def main() -> None:
    """Measure all, print a table for Markdown and the numbers as JSON."""
    import boto3

    if shutil.which("terraform") is None:
        raise SystemExit("terraform is not on the PATH")
    with counted() as (url, calls), tempfile.TemporaryDirectory() as root:
        client = boto3.client(
            "ec2", endpoint_url=url, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        vpc = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        _provider.update(
            region=REGION,
            endpoints=dict.fromkeys(("ec2", "sts", "iam"), url),
            skip_credentials_validation=True,
            skip_metadata_api_check=True,
            skip_region_validation=True,
        )
        found = [measure(name, write, Path(root), vpc, calls) for name, write in HOSTNAME_MODES.items()]
    steps = [step for step, value in found[0].items() if isinstance(value, dict) and "seconds" in value]
    print("| 40 rules | " + " | ".join(result["way"] for result in found) + " |")
    print("|---" * (len(found) + 1) + "|")
    for step in steps:
        cells = (
            f"{result[step]['seconds']} s, {result[step]['calls']} calls"
            + "".join(f", **failed: {error}**" for error in result[step]["failed"])
            for result in found
        )
        print(f"| {step} | {' | '.join(cells)} |")
    more = (", ".join(f"{count} {action}" for action, count in result["one network more"].items()) for result in found)
    print(f"| one network more, put first | {' | '.join(more)} |")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
