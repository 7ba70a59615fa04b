"""The vendor's advice that no packet filter can carry out: shown beside every check and audit, with the commands' names."""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.catalogue.model import Catalogue


def checklist_lines(catalogue: Catalogue, language: str = "en") -> Iterator[str]:
    """One line for each piece of advice; nothing for a catalogue without any."""
    if catalogue.checklist:
        yield (
            "不属于过滤规则，请在网关上自行核对:"
            if language == "zh"
            else "Not a filter's work; look at it on the gateway itself:"
        )
    for advice, command in catalogue.checklist:
        yield f"  [ ] {advice.in_language(language)}{f' ({command})' if command else ''}"
