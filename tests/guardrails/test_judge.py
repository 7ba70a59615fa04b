"""The judgement over a deployment file: lines, waivers, and what refuses."""

from __future__ import annotations

from datetime import date

import pytest

from esacloud import workflow
from esacloud.deployment.model import Deployment
from esacloud.guardrails.judge import judge
from esacloud.guardrails.model import Judgement

TODAY = date(2026, 6, 1)
FILE = """\
name: mail-edge-1
asyncos: "15.5"
cloud:
  aws: {region: eu-central-1, vpc: vpc-0a1b2c3d4e5f60718}
interfaces:
  management: [admin-cli, admin-gui, snmp]
  data1: [mail]
peers:
  administrators:
    - 10.20.0.0/24
    - 8.8.8.0/24
  snmp-managers: [10.0.7.0/28]
"""


def read(waivers: str = "", text: str = FILE) -> Deployment:
    return workflow.read_deployment("gateway.yaml", text + (f"waivers:\n{waivers}" if waivers else ""))


def judged(waivers: str = "", text: str = FILE, today: date = TODAY) -> Judgement:
    deployment = read(waivers, text)
    return judge(workflow.compile_for(deployment, "aws"), deployment, today)


def waiver(code: str = "ESA001", peer: str = "8.8.8.0/24", until: str = "2026-12-31") -> str:
    return f'  - {{code: {code}, peer: "{peer}", reason: "moving to a bastion", until: {until}}}\n'


def test_a_finding_names_the_line_of_the_peer() -> None:
    findings = judged().findings
    assert [(finding.code, finding.interface) for finding in findings] == [
        ("ESA001", "management"),
        ("ESA002", "management"),
    ]
    for finding in findings:
        assert [(place.file, place.line) for place in finding.places] == [("gateway.yaml", 11)]
        assert finding.message.endswith("in from 8.8.8.0/24 may pass.")


def test_an_error_refuses_and_a_warning_does_not() -> None:
    assert judged().refuses
    wide = judged(text=FILE.replace("8.8.8.0/24", "10.64.0.0/10"))
    assert [finding.code for finding in wide.findings] == ["ESA003"]
    assert not wide.refuses


def test_a_finding_reads_as_a_linter_prints_it() -> None:
    deployment = read()
    problem = judged().findings[0].problem(deployment.place)
    assert str(problem).startswith("gateway.yaml:11:")
    assert ": error: ESA001 " in str(problem)


def test_a_waiver_accepts_its_code_alone() -> None:
    judgement = judged(waiver())
    assert [finding.code for finding in judgement.findings] == ["ESA002"]
    assert [(waived.finding.code, waived.waiver.reason) for waived in judgement.waived] == [
        ("ESA001", "moving to a bastion")
    ]
    assert not judgement.problems


@pytest.mark.parametrize("peer", ["8.8.8.0/24", "8.8.0.0/16", "any", "administrators", "0.0.0.0/0"])
def test_a_waiver_is_matched_on_packets_of_its_peer(peer: str) -> None:
    judgement = judged(waiver(peer=peer) + waiver("ESA002", peer))
    assert not judgement.findings
    assert {waived.finding.code for waived in judgement.waived} == {"ESA001", "ESA002"}


def test_a_waiver_for_a_part_leaves_the_rest() -> None:
    (finding, _) = judged(waiver(peer="8.8.8.0/25")).findings
    assert finding.message == "tcp/22 in from 8.8.8.128/25 may pass."


def test_a_waiver_holds_through_its_last_day_and_not_beyond() -> None:
    assert not judged(waiver(), today=date(2026, 12, 31)).problems
    expired = judged(waiver(), today=date(2027, 1, 1))
    assert [finding.code for finding in expired.findings] == ["ESA001", "ESA002"]
    (problem,) = expired.problems
    assert problem.severity == "error"
    assert "expired on 2026-12-31" in problem.message


def test_an_unused_waiver_is_a_warning() -> None:
    judgement = judged(waiver("ESA011", "10.0.7.0/28"))
    (problem,) = judgement.problems
    assert (problem.severity, problem.place.line) == ("warning", 14)


def test_a_waiver_for_another_peer_is_unused_and_the_finding_stays() -> None:
    judgement = judged(waiver(peer="9.9.9.0/24"))
    assert "ESA001" in [finding.code for finding in judgement.findings]
    assert [problem.severity for problem in judgement.problems] == ["warning"]


def test_a_waiver_for_a_code_that_does_not_exist_names_the_nearest() -> None:
    (problem,) = judged(waiver("ESA101")).problems
    assert problem.severity == "error"
    assert "ESA101" in problem.message
    assert "Did you mean 'ESA" in problem.hint


def test_the_order_of_the_file_does_not_change_the_judgement() -> None:
    other = FILE.replace("    - 10.20.0.0/24\n    - 8.8.8.0/24\n", "    - 8.8.8.0/24\n    - 10.20.0.0/24\n")
    assert [finding.packets for finding in judged().findings] == [
        finding.packets for finding in judged(text=other).findings
    ]


def test_the_own_subnet_among_the_peers_is_found_from_the_file() -> None:
    text = FILE.replace("8.8.8.0/24", "10.20.8.0/24") + "own_networks: [10.20.8.0/28]\n"
    assert [finding.code for finding in judged(text=text).findings] == ["ESA016"]
