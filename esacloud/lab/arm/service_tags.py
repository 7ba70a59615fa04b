"""The service tags that Azure documents, as `service_tags.json` lists them: every other word is no address prefix."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

_is_part = re.compile(r"[A-Za-z0-9]+").fullmatch


@cache
def _known() -> frozenset[str]:
    return frozenset(tag.lower() for tag in json.loads(Path(__file__).with_name("service_tags.json").read_bytes())["tags"])


def is_service_tag(text: str) -> bool:
    """Whether the text is a documented tag, with or without a region behind a full stop. Case does not count."""
    tag, dot, part = text.partition(".")
    return tag.lower() in _known() and (not dot or bool(_is_part(part)))
