"""Every guardrail by its own examples, and what each must not mistake."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.subjects import TODAY, example_subject, subject_of

from esacloud.guardrails import rules
from esacloud.guardrails.judge import judge_subject
from esacloud.guardrails.model import Guardrail
from esacloud.guardrails.rules import GUARDRAILS
from esacloud.packets.text import parse_packets


def codes(*sentences: str, own: tuple[str, ...] = ()) -> list[str]:
    return [finding.code for finding in judge_subject(subject_of(*sentences, own=own), (), TODAY).findings]


@pytest.mark.parametrize("guardrail", GUARDRAILS, ids=lambda guardrail: guardrail.code)
def test_the_bad_example_of_a_guardrail_breaks_it(guardrail: Guardrail) -> None:
    violations = list(guardrail.find(example_subject(guardrail.bad)))
    assert violations
    assert all(violation.packets for violation in violations)


@pytest.mark.parametrize("guardrail", GUARDRAILS, ids=lambda guardrail: guardrail.code)
def test_the_good_example_of_a_guardrail_breaks_none(guardrail: Guardrail) -> None:
    assert not judge_subject(example_subject(guardrail.good), (), TODAY).findings


def test_every_file_of_the_folder_is_a_guardrail_named_after_its_code() -> None:
    files = sorted(path.name[:6].upper() for path in Path(rules.__file__).parent.glob("esa*.py"))
    assert [guardrail.code for guardrail in GUARDRAILS] == files


def test_codes_run_from_one_without_a_gap() -> None:
    assert [guardrail.code for guardrail in GUARDRAILS] == [f"ESA{number:03}" for number in range(1, len(GUARDRAILS) + 1)]


@pytest.mark.parametrize("guardrail", GUARDRAILS, ids=lambda guardrail: guardrail.code)
def test_a_guardrail_says_everything_in_whole_sentences(guardrail: Guardrail) -> None:
    for text in (guardrail.title, guardrail.reason, guardrail.hint):
        assert re.fullmatch(r"[A-Z].*\.", text), text
    assert guardrail.source


@pytest.mark.parametrize(
    ("sentences", "code"),
    [
        (["tcp/1-1024 in from 8.8.8.0/24"], "ESA001"),
        (["every protocol in from 8.8.8.8"], "ESA001"),
        (["tcp/22 in from 10.0.0.0/8", "tcp/22 in from 9.0.0.0/8"], "ESA001"),
        (["tcp/22 in from 2606:4700::/32"], "ESA001"),
        (["tcp/4431 in from 8.8.8.8"], "ESA002"),
        (["tcp/6080 in from 8.8.8.8"], "ESA002"),
        (["tcp/6443 in from any"], "ESA002"),
        (["tcp/22 in from 10.0.0.0/22", "tcp/443 in from 10.1.0.0/32"], "ESA003"),
        (["tcp/443 in from fd00::/40"], "ESA003"),
        (["tcp/82 in from 8.8.8.8"], "ESA004"),
        (["tcp/6025 in from 8.8.8.8"], "ESA004"),
        (["tcp/6025 out to any"], "ESA005"),
        (["tcp/7025 in from 8.8.8.8"], "ESA005"),
        (["tcp/2222 in from 8.8.8.8"], "ESA006"),
        (["tcp/21 in from 10.0.0.7"], "ESA007"),
        (["tcp/6080 in from self"], "ESA007"),
        (["tcp out to any"], "ESA010"),
        (["tcp/1-32000 out to any", "tcp/32001-65535 out to any"], "ESA010"),
        (["udp out to 0.0.0.0/1", "udp out to 128.0.0.0/1"], "ESA010"),
        (["tcp/443 out to 9.0.0.0/9", "tcp/443 out to 9.128.0.0/9"], "ESA012"),
        (["tcp/443 out to 2600::/12"], "ESA012"),
        (["tcp/25 out to ::/1", "tcp/25 out to 8000::/1", "tcp/25 out to 0.0.0.0/0"], "ESA013"),
        (["tcp/25 in from ::/0", "tcp/25 in from 8.8.8.8"], "ESA014"),
        (["udp/53 out to 2001:db8::53"], "ESA015"),
    ],
)
def test_a_guardrail_sees_through_spelling(sentences: list[str], code: str) -> None:
    assert code in codes(*sentences)


def test_the_internet_without_private_networks_is_still_the_internet_in_pieces() -> None:
    pieces = [
        str(box) for box in (parse_packets("tcp/25 in from 0.0.0.0/0") - parse_packets("tcp/25 in from 10.0.0.0/8")).boxes()
    ]
    assert len(pieces) == 2
    spelled = [
        "tcp/25 in from 0.0.0.0/5",
        "tcp/25 in from 8.0.0.0/7",
        "tcp/25 in from 11.0.0.0/8",
        "tcp/25 in from 12.0.0.0/6",
    ]
    spelled += [
        "tcp/25 in from 16.0.0.0/4",
        "tcp/25 in from 32.0.0.0/3",
        "tcp/25 in from 64.0.0.0/2",
        "tcp/25 in from 128.0.0.0/1",
    ]
    assert codes(*spelled) == ["ESA013"]


@pytest.mark.parametrize(
    "sentences",
    [
        ["tcp/25 in from any", "tcp/25 out to any", "tcp/443 out to any", "tcp/80 out to any"],
        ["tcp/1024-65535 out to 9.9.9.9"],
        ["tcp/22 out to 9.9.9.9"],
        ["tcp/25 in from ::/0"],
        ["icmp type 8 in from any", "icmpv6 in from ::/0"],
        ["tcp/22 in from security_group:sg-0123456789abcdef0"],
        ["tcp/22 in from 10.0.0.0/22"],
    ],
)
def test_what_a_gateway_needs_breaks_nothing(sentences: list[str]) -> None:
    assert codes(*sentences) == []


def test_a_reference_that_stands_for_the_internet_is_public() -> None:
    subject = subject_of("tcp/22 in from service_tag:Internet", public_address_spaces=frozenset({"service_tag:Internet"}))
    assert [finding.code for finding in judge_subject(subject, (), TODAY).findings] == ["ESA001"]


def test_a_peer_inside_the_own_subnet_is_not_the_subnet() -> None:
    assert codes("udp/53 out to 10.20.8.2", own=("10.20.8.0/28",)) == []
    assert codes("tcp/2222 in from 10.20.8.0/28", own=("10.20.8.0/28",)) == []
    assert codes("udp/53 out to 10.20.8.0/24", own=("10.20.8.0/28",)) == ["ESA016"]


def test_a_finding_holds_exactly_the_packets_that_must_not_pass() -> None:
    (finding,) = judge_subject(
        subject_of("tcp/20-30 in from 8.0.0.0/14", "tcp/22 in from 10.0.0.0/24"), (), TODAY
    ).findings[:1]
    assert finding.code == "ESA001"
    assert finding.packets == parse_packets("tcp/22 in from 8.0.0.0/14")
    assert finding.statements == ("tcp/20-30 in from 8.0.0.0/14",)
