"""The values of an audit: what is expected, what was found wrong, and the report over everything looked at."""

from __future__ import annotations

from dataclasses import dataclass

from esacloud.guardrails.model import Judgement
from esacloud.packets.sets import Box, PacketSet


@dataclass(frozen=True, slots=True)
class Desired:
    """Something that the gateway needs open at an interface: a flow, or a catalogue entry whose far side nobody stated.

    With `whole`, every packet of it is needed; otherwise any of them will do.
    """

    label: str
    rows: tuple[int, ...]
    boxes: tuple[Box, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """What an interface needs and does not have: the flow, the table rows behind it, and the packets that do not pass."""

    interface: str
    label: str
    rows: tuple[int, ...]
    packets: PacketSet


@dataclass(frozen=True, slots=True)
class Unexpected:
    """A rule of a group that permits packets which nothing asked for."""

    interface: str
    group: str
    rule: str
    packets: PacketSet


@dataclass(frozen=True, slots=True)
class Looked:
    """An interface that was looked at: the groups on it that count together, and how many rules they have."""

    interface: str
    groups: tuple[str, ...]
    rules: int


@dataclass(frozen=True, slots=True)
class Audit:
    """The answer of an audit.

    `unknown` are sentences about what could not be judged; `notes` about what the groups themselves cannot show.
    """

    looked: tuple[Looked, ...]
    missing: tuple[Missing, ...]
    unexpected: tuple[Unexpected, ...]
    judgement: Judgement
    unknown: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing at all was found, and nothing was left unjudged."""
        judged = self.judgement
        return not (self.missing or self.unexpected or judged.findings or judged.problems or self.unknown)
