"""API calls and wall time of a change: esacloud apply against terraform with the real AWS provider, on one local EC2.

    python -m benchmarks.apply [--plugin-dir MIRROR | --without-terraform] [--json]

One gateway with 40 rules in one group: made, planned without a change, changed by one peer (a rule for tcp, one for udp),
destroyed. Both tools make the same groups from the same deployment file, and talk through the same counting proxy to the
same moto server. esacloud is measured as a command, in a process of its own, as terraform is; terraform runs `plan -out`
and `apply PLAN`, so that its apply does not plan twice. Then 100 gateways are made by 8 threads through one client.
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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from esacloud import workflow
from esacloud.change import run
from esacloud.lab.ec2 import CREDENTIALS, ec2_server
from esacloud.lab.ec2_lab import furnish
from esacloud.live.cloud import Connection

REGION = "eu-central-1"
GATEWAYS, THREADS = 100, 8
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


def deployment_text(name: str, last: str = "10.3.0.9") -> str:
    """A gateway with 40 rules: four for mail, and two for each of 18 name servers."""
    return FILE.format(name=name, servers=", ".join([*(f"10.3.0.{number}" for number in range(10, 27)), last]))


@contextmanager
def counting(target: str) -> Iterator[tuple[str, list[str]]]:
    """A proxy in front of `target`: its address, and the bodies of all requests."""
    seen: list[str] = []
    parts = urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version, disable_nagle_algorithm, wbufsize = "HTTP/1.1", True, 1 << 16

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append(body.decode())
            connection = HTTPConnection(parts.hostname or "", parts.port)
            connection.request("POST", self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers.get("Content-Type", "text/xml"))
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


def many(client: Any, directory: Path) -> Measured:
    """100 gateways by threads of one process, through one client."""
    sent: list[int] = []

    def one(number: int) -> None:
        deployment = workflow.read_deployment("bench.yaml", deployment_text(f"bench-{number}"))
        live = run.connect(deployment, "aws", Connection(client=client))
        sent.append(len(run.apply(live, run.plan(live, workflow.lower(deployment, "aws")), directory).calls))

    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(GATEWAYS)))
    return Measured("esacloud", f"make {GATEWAYS} gateways in {THREADS} threads", sum(sent), time.perf_counter() - begun)


def main() -> int:
    """Measure and print."""
    import boto3

    parser = ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--without-terraform", action="store_true")
    parser.add_argument("--plugin-dir", metavar="MIRROR", help="where terraform finds the AWS provider, without a network")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    environment = {**os.environ, **CREDENTIALS, "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    plugins = [f"-plugin-dir={arguments.plugin_dir}"] if arguments.plugin_dir else []
    results: list[Measured] = []
    with tempfile.TemporaryDirectory() as name, ec2_server() as server, counting(server) as (address, seen):
        directory = Path(name)
        account = {key.lower(): value for key, value in CREDENTIALS.items()}
        client = boto3.client("ec2", endpoint_url=server, region_name=REGION, **account)
        furnish(Connection(client=client), workflow.read_deployment("bench.yaml", deployment_text("bench")), None)
        results += esacloud_runs(directory, address, seen, environment)
        if not arguments.without_terraform and shutil.which("terraform"):
            results += terraform_runs(directory, address, seen, environment, plugins)
        results.append(many(client, directory / "state"))
    if arguments.json:
        print(json.dumps([result._asdict() for result in results], indent=2))
    else:
        for result in results:
            print(f"{result.tool:10} {result.what:36} {result.calls:5} calls {result.seconds:7.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
