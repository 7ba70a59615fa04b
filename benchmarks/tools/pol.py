"""The policy language that capirca and aerleon share: policy files, network and service definitions.

An interface of the gateway becomes a network tag. Google's networks let everything out unless told otherwise, so the
egress half ends with a term that denies; the ingress half is closed by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.equal_policy import EqualPolicy, NeutralFlow

NETWORK = "mail"  # the name of the VPC network


def write(folder: Path, policies: Sequence[EqualPolicy], target: str) -> None:
    """`folder/pol/NNNN.pol` for each policy, and the definitions of all of them in `folder/def`."""
    for name in ("pol", "def"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    networks: list[str] = []
    services: dict[str, str] = {}
    for number, policy in enumerate(policies):
        (folder / "pol" / f"{number:04}.pol").write_text(_policy(policy.flows, number, target))
        for flow in policy.flows:
            networks.append(f"{_token(flow, number)} = " + "\n  ".join(map(str, flow.networks)))
            services[_service(flow)] = _service_text(flow)
    (folder / "def" / "NETWORK.net").write_text("\n".join(networks) + "\n")
    (folder / "def" / "SERVICES.svc").write_text("".join(f"{name} = {text}\n" for name, text in services.items()))


def _policy(flows: Sequence[NeutralFlow], number: int, target: str) -> str:
    parts = []
    for direction, word in (("ingress", "INGRESS"), ("egress", "EGRESS")):
        chosen = [flow for flow in flows if flow.direction == direction]
        if chosen:
            parts.append(f"header {{\n  target:: {target} {word} inet {NETWORK}\n}}")
            parts += [_term(flow, number) for flow in chosen]
            if direction == "egress":
                parts.append("term default-deny {\n  action:: deny\n}")
    return "\n".join(parts) + "\n"


def _term(flow: NeutralFlow, number: int) -> str:
    side, tag = ("source", "destination") if flow.direction == "ingress" else ("destination", "source")
    return (
        f"term {flow.name} {{\n"
        f"  {side}-address:: {_token(flow, number)}\n"
        f"  protocol:: {flow.transport}\n"
        f"  destination-port:: {_service(flow)}\n"
        f"  {tag}-tag:: {flow.interface}\n"
        "  action:: accept\n"
        "}"
    )


def _token(flow: NeutralFlow, number: int) -> str:
    return f"P{number}_{flow.name.upper().replace('-', '_')}"


def _service(flow: NeutralFlow) -> str:
    first, last = flow.ports
    return f"{flow.transport.upper()}_{first}" + (f"_{last}" if last != first else "")


def _service_text(flow: NeutralFlow) -> str:
    first, last = flow.ports
    return (str(first) if first == last else f"{first}-{last}") + f"/{flow.transport}"


def aclgen_arguments(package: str, folder: Path, out: Path, policy: str | None) -> list[str]:
    """The arguments that run a package's `aclgen` over one policy file, or over all of a folder in one process.

    Both packages install a command of that name, so it is started through its module.
    """
    start = f"import sys; from {package}.aclgen import EntryPoint; sys.argv[0] = 'aclgen'; EntryPoint()"
    arguments = [f"--base_directory={folder}", f"--definitions_directory={folder / 'def'}", f"--output_directory={out}"]
    chosen = f"--policy_file={folder / 'pol' / policy}" if policy else "--max_renderers=1"
    return ["-c", start, *arguments, chosen]
