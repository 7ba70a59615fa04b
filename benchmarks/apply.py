"""API calls and wall time of a change: esacloud apply against terraform with the real AWS provider, on one local EC2.

    python -m benchmarks.apply [--plugin-dir MIRROR | --without-terraform] [--json]

One gateway with 40 rules in one group: made, planned without a change, changed by one peer (a rule for tcp, one for udp),
destroyed. Both tools make the same groups from the same deployment file, and talk through the same counting proxy to the
same moto server. esacloud is measured as a command, in a process of its own, as terraform is; terraform runs `plan -out`
and `apply PLAN`, so that its apply does not plan twice.

Then 100 gateways are made through a proxy that counts requests as EC2 does, a token bucket for each action, and refuses
what is over. With EC2's published limits: by 8 threads that share a pace, and by 100 commands, 8 at a time, which share one
once they are throttled. With a quarter of them, as if others used the rest: by threads with such a pace, and by threads
that only wait after each refusal.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from esacloud import workflow
from esacloud.aws.live.rates import published, rate_of
from esacloud.change import run
from esacloud.change.execute import ChangeFailedError
from esacloud.change.live import Connection
from esacloud.change.pace import Pace, Rate
from esacloud.change.retry import ThrottledError
from esacloud.lab.ec2.application import CREDENTIALS, ec2_server
from esacloud.lab.ec2.lab import furnish
from esacloud.lab.ec2.rates import THROTTLED, Buckets
from esacloud.lab.ec2.requests import error

REGION = "eu-central-1"
GATEWAYS, AT_ONCE = 100, 8
FILE = """\
name: {name}
asyncos: "15.5"
cloud:
  aws: {{region: eu-central-1, vpc: vpc-0a1b2c3d4e5f60718}}
interfaces: {{data1: [mail, dns]}}
hostnames: open
peers:
  mail-senders: [any]
  mail-receivers: [any]
  dns-servers: [{servers}]
"""


class Measured(NamedTuple):
    """One run of one tool."""

    tool: str
    what: str
    calls: int
    seconds: float
    refused: int = 0  # requests over the limits
    given_up: int = 0  # gateways that were refused until their tries were used


def deployment_text(name: str, last: str = "10.3.0.9") -> str:
    """A gateway with 40 rules: four for mail, and two for each of 18 name servers."""
    return FILE.format(name=name, servers=", ".join([*(f"10.3.0.{number}" for number in range(10, 27)), last]))


@contextmanager
def counting(target: str, limits: Buckets | None = None) -> Iterator[tuple[str, list[str]]]:
    """A proxy in front of `target`: its address, and the bodies of all requests; those over `limits` get no further."""
    seen: list[str] = []
    parts = urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version, disable_nagle_algorithm, wbufsize = "HTTP/1.1", True, 1 << 16

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append(body.decode())
            if limits and limits.over(parse_qs(body.decode())["Action"][0]):
                self.answer(*error(*THROTTLED), "text/xml")
                return
            connection = HTTPConnection(parts.hostname or "", parts.port)
            connection.request("POST", self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            self.answer(answer.status, content, answer.headers.get("Content-Type", "text/xml"))

        def answer(self, status: int, content: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()


def measured(tool: str, what: str, seen: list[str], words: list[list[str]], **how: Any) -> Measured:
    """Run commands one after the other; those that end otherwise than in 0 or 1 (changes) stop the measurement."""
    seen.clear()
    begun = time.perf_counter()
    for command in words:
        done = subprocess.run(command, capture_output=True, text=True, check=False, **how)
        if done.returncode not in (0, 1) or (done.returncode == 1 and tool == "terraform"):
            raise SystemExit(f"{' '.join(command)} ended in {done.returncode}:\n{done.stdout}{done.stderr}")
    return Measured(tool, what, len(seen), time.perf_counter() - begun)


def esacloud_runs(directory: Path, address: str, seen: list[str], environment: dict[str, str]) -> Iterator[Measured]:
    """The four runs of the command."""
    first, second = directory / "first.yaml", directory / "second.yaml"
    first.write_text(deployment_text("bench-esacloud"))
    second.write_text(deployment_text("bench-esacloud", "10.3.0.8"))
    more = ["--endpoint-url", address, "--state-dir", str(directory / "state")]
    for what, words in (
        ("make 40 rules", ["apply", str(first), "--yes"]),
        ("plan, nothing to do", ["plan", str(first)]),
        ("change one peer", ["apply", str(second), "--yes"]),
        ("destroy", ["destroy", str(second), "--yes"]),
    ):
        yield measured("esacloud", what, seen, [[sys.executable, "-m", "esacloud", *words, *more]], env=environment)


def terraform_runs(
    directory: Path, address: str, seen: list[str], environment: dict[str, str], plugins: list[str]
) -> Iterator[Measured]:
    """The same four with the module that `esacloud generate` writes."""
    provider = {
        "region": REGION,
        "endpoints": dict.fromkeys(("ec2", "sts", "iam"), address),
        "skip_credentials_validation": True,
        "skip_metadata_api_check": True,
        "skip_region_validation": True,
    }
    root = {"provider": {"aws": provider}, "module": {"gateway": {"source": "./module"}}}
    (directory / "main.tf.json").write_text(json.dumps(root))

    def module(last: str) -> None:
        deployment = workflow.read_deployment("bench.yaml", deployment_text("bench-terraform", last))
        workflow.write_module(str(directory / "module"), workflow.generate(deployment, "aws"))

    how: dict[str, Any] = {"cwd": directory, "env": environment}
    module("10.3.0.9")
    measured("terraform", "init", seen, [["terraform", "init", "-input=false", *plugins]], **how)
    apply = [["terraform", "plan", "-input=false", "-out=plan"], ["terraform", "apply", "-input=false", "plan"]]
    yield measured("terraform", "make 40 rules", seen, apply, **how)
    yield measured("terraform", "plan, nothing to do", seen, [["terraform", "plan", "-input=false"]], **how)
    module("10.3.0.8")
    yield measured("terraform", "change one peer", seen, apply, **how)
    yield measured("terraform", "destroy", seen, [["terraform", "destroy", "-input=false", "-auto-approve"]], **how)


def many(client_at: Callable[[str], Any], server: str, directory: Path, environment: dict[str, str]) -> Iterator[Measured]:
    """100 gateways at once, in four ways."""

    def thread(address: str, name: str, pace: Pace | None) -> Callable[[int], None]:
        client = client_at(address)

        def make(number: int) -> None:
            deployment = workflow.read_deployment("bench.yaml", deployment_text(f"{name}-{number}"))
            live = workflow.connect(deployment, "aws", Connection(client=client, pace=pace))
            run.apply(live, run.plan(live, workflow.lower(deployment, "aws")), directory)

        return make

    def command(address: str) -> Callable[[int], None]:
        def make(number: int) -> None:
            file = directory / f"{number}.yaml"
            file.write_text(deployment_text(f"bench-command-{number}"))
            words = ["apply", str(file), "--yes", "--endpoint-url", address, "--state-dir", str(directory)]
            subprocess.run([sys.executable, "-m", "esacloud", *words], check=True, capture_output=True, env=environment)

        return make

    def measure(what: str, part: float, make: Callable[[str], Callable[[int], None]]) -> Measured:
        limits = Buckets(lambda operation: published(operation).part(part))
        with counting(server, limits) as (address, seen), ThreadPoolExecutor(AT_ONCE) as pool:
            one, begun = make(address), time.perf_counter()
            given_up = sum(pool.map(lambda number: _gave_up(one, number), range(GATEWAYS)))
            seconds = time.perf_counter() - begun
        return Measured("esacloud", f"{GATEWAYS} gateways, {what}", len(seen), seconds, limits.refused, given_up)

    def quarter(operation: str) -> Rate:
        return rate_of(operation).part(1 / 4)

    directory.mkdir(exist_ok=True)
    yield measure("threads, paced", 1, lambda address: thread(address, "bench-paced", Pace(rate_of)))
    yield measure("commands", 1, command)
    yield measure("a quarter, paced", 1 / 4, lambda address: thread(address, "bench-quarter", Pace(quarter)))
    yield measure("a quarter, not paced", 1 / 4, lambda address: thread(address, "bench-unpaced", None))


def _gave_up(make: Callable[[int], None], number: int) -> bool:
    """Make one gateway; whether it was throttled until there was no try left. Any other failure ends the benchmark."""
    try:
        make(number)
    except ThrottledError:
        return True
    except ChangeFailedError as error:
        if not isinstance(error.__cause__, ThrottledError):
            raise
        return True
    except subprocess.CalledProcessError as error:
        if b"RequestLimitExceeded" not in error.stderr:
            raise
        return True
    return False


def main() -> int:
    """Measure and print."""
    import boto3
    from botocore.config import Config

    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--without-terraform", action="store_true")
    parser.add_argument("--plugin-dir", metavar="MIRROR", help="where terraform finds the AWS provider, without a network")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    environment = {**os.environ, **CREDENTIALS, "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    plugins = [f"-plugin-dir={arguments.plugin_dir}"] if arguments.plugin_dir else []
    once = Config(retries={"total_max_attempts": 1}, max_pool_connections=AT_ONCE)
    results: list[Measured] = []
    with tempfile.TemporaryDirectory() as name, ec2_server() as server, counting(server) as (address, seen):
        directory = Path(name)
        account = {key.lower(): value for key, value in CREDENTIALS.items()}

        def client_at(url: str) -> Any:
            return boto3.client("ec2", endpoint_url=url, region_name=REGION, config=once, **account)

        furnish(
            Connection(client=client_at(server)), workflow.read_deployment("bench.yaml", deployment_text("bench")), None
        )
        results += esacloud_runs(directory, address, seen, environment)
        if not arguments.without_terraform and shutil.which("terraform"):
            results += terraform_runs(directory, address, seen, environment, plugins)
        results += many(client_at, server, directory / "many", environment)
    if arguments.json:
        print(json.dumps([result._asdict() for result in results], indent=2))
    else:
        for result in results:
            refused = (
                f", {result.refused} throttled, {result.given_up} gave up" if result.what.startswith(str(GATEWAYS)) else ""
            )
            print(f"{result.tool:10} {result.what:36} {result.calls:5} calls {result.seconds:7.2f} s{refused}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
