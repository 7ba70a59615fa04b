"""The values of an audit: what is expected, what deviates from it, and the report about all interfaces."""

from __future__ import annotations

from dataclasses import dataclass

from esacloud.guardrails.model import Judgement
from esacloud.packets.sets import Box, PacketSet


@dataclass(frozen=True, slots=True)
class Desired:
    """A need of the gateway at an interface: a flow, or a catalogue entry whose remote is not stated.

    With `whole`, every packet of it is needed; otherwise any one is enough.
    """

    label: str
    rows: tuple[int, ...]
    boxes: tuple[Box, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """A flow that an interface needs and does not permit, with its table rows, and the packets that do not pass."""

    interface: str
    label: str
    rows: tuple[int, ...]
    packets: PacketSet


@dataclass(frozen=True, slots=True)
class Unexpected:
    """A rule of a group that permits packets that nothing expects."""

    interface: str
    group: str
    rule: str
    packets: PacketSet


@dataclass(frozen=True, slots=True)
class AuditedInterface:
    """An audited interface: the groups that count together on it, and how many rules they have."""

    interface: str
    groups: tuple[str, ...]
    rules: int


@dataclass(frozen=True, slots=True)
class Audit:
    """The result of an audit.

    `unknown` are sentences about what could not be judged; `notes` about what the groups cannot show.
    """

    interfaces: tuple[AuditedInterface, ...]
    missing: tuple[Missing, ...]
    unexpected: tuple[Unexpected, ...]
    judgement: Judgement
    unknown: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing was found, and everything was judged."""
        judged = self.judgement
        return not (self.missing or self.unexpected or judged.findings or judged.problems or self.unknown)
