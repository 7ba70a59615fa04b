"""The values of guardrails: a rule, a violation of it, a finding, and the judgement of a whole subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from esacloud.deployment.model import Waiver
from esacloud.errors import Place, Problem, Severity
from esacloud.packets.sets import PacketSet

if TYPE_CHECKING:
    from esacloud.guardrails.subject import Subject


@dataclass(frozen=True, slots=True)
class Violation:
    """What a guardrail's function reports: the packets that must not pass at an interface, and a sentence about them."""

    interface: str
    packets: PacketSet
    message: str


@dataclass(frozen=True, slots=True)
class Example:
    """A subject as text: one statement per sentence (`tcp/22 in from any`), after `role: ` where a role matters."""

    statements: tuple[str, ...]
    own_networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One rule. `code` never changes its meaning; `reason` and `hint` are sentences; `source` is a URL or a section.

    The tests evaluate `bad` and `good`; the documentation page is generated from all of it.
    """

    code: str
    title: str
    severity: Severity
    reason: str
    source: str
    hint: str
    bad: Example
    good: Example
    find: Callable[[Subject], Iterator[Violation]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A guardrail violated at an interface: the packets, a sentence about them, and the lines or rules behind them.

    `places` are where to correct it, likeliest first; it is empty when the source has no lines.
    `statements` are the labels of the flows or rules that permit the packets.
    """

    guardrail: Guardrail
    interface: str
    packets: PacketSet
    message: str
    places: tuple[Place, ...]
    statements: tuple[str, ...]

    @property
    def code(self) -> str:
        """The guardrail's code, as `ESA001`."""
        return self.guardrail.code

    @property
    def severity(self) -> Severity:
        """The guardrail's severity."""
        return self.guardrail.severity

    def problem(self, place: Place) -> Problem:
        """The finding as a linter prints it; `place` stands in where the finding has no place of its own."""
        here = self.places[0] if self.places else place.at(place.key or self.interface)
        rule = self.guardrail
        return Problem(
            here, f"{rule.code} {rule.title} {self.interface}: {self.message}", f"{rule.reason} {rule.hint}", rule.severity
        )


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that a waiver of the file accepts."""

    finding: Finding
    waiver: Waiver


@dataclass(frozen=True, slots=True)
class Judgement:
    """The findings, the waived findings, and the problems of the waivers themselves."""

    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    problems: tuple[Problem, ...]

    @property
    def refuses(self) -> bool:
        """Whether anything in it is an error, so that nothing may be written."""
        severities = [finding.severity for finding in self.findings] + [problem.severity for problem in self.problems]
        return "error" in severities

    def all_problems(self, place: Place) -> tuple[Problem, ...]:
        """The findings and the problems of waivers; `place` stands in where a finding has no place."""
        return (*(finding.problem(place) for finding in self.findings), *self.problems)
