"""Subjects and deployments for the guardrails, made from sentences."""

from __future__ import annotations

from datetime import date

from esacloud.catalogue.load import load
from esacloud.guardrails.model import Example
from esacloud.guardrails.subject import Subject
from esacloud.packets.addresses import parse_network
from esacloud.packets.sets import PacketSet
from esacloud.packets.text import parse_boxes
from esacloud.policy.model import Statement

TODAY = date(2026, 6, 1)


def statement(sentence: str) -> Statement:
    """`tcp/22 in from any`, with `role: ` before it where a role matters."""
    role, colon, rest = sentence.partition(": ")
    return Statement(sentence, parse_boxes(rest if colon else sentence), (role,) if colon else ())


def subject_of(*sentences: str, own: tuple[str, ...] = (), public_address_spaces: frozenset[str] = frozenset()) -> Subject:
    """A subject with one interface, `data1`."""
    statements = [statement(sentence) for sentence in sentences]
    packets = {"data1": PacketSet.of(box for one in statements for box in one.boxes)}
    return Subject(load(), packets, lambda _: statements, tuple(map(parse_network, own)), public_address_spaces)


def example_subject(example: Example) -> Subject:
    """The subject that a guardrail's example describes."""
    return subject_of(*example.statements, own=example.own_networks)
