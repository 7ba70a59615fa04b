"""The values of this room: a guardrail, a breach of it, a finding, and the judgement over a whole subject."""

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
    """What a guardrail's function reports: the packets that must not pass at an interface, and the same in words."""

    interface: str
    packets: PacketSet
    message: str


@dataclass(frozen=True, slots=True)
class Example:
    """A subject as text: one sentence a statement (`tcp/22 in from any`), `role: ` before it where a role matters."""

    statements: tuple[str, ...]
    own_networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One rule. `code` never changes its meaning; `reason` and `hint` are sentences; `source` is an address or section.

    The tests run `bad` and `good`; the documentation page is made of all of this.
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
    """A guardrail broken at an interface: by which packets, in words, and by which lines or rules.

    `places` are where the user would mend it, first the likeliest; it is empty where the source has no lines.
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
        """The finding as a linter prints it; `place` serves where the finding has no place of its own."""
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
    """What was found, what was found and waived, and what is wrong with the waivers themselves."""

    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]
    problems: tuple[Problem, ...]

    @property
    def refuses(self) -> bool:
        """Whether anything in it is an error, so that nothing may be written."""
        return any(finding.severity == "error" for finding in self.findings) or any(
            problem.severity == "error" for problem in self.problems
        )
