"""The catalogue files that tests load: the shipped one, and the small one of a made-up appliance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from esacloud.catalogue.load import SHIPPED

SMALL = Path(__file__).parents[1] / "data" / "load-balancer.json"


def document(path: Path = SMALL) -> Any:
    """The JSON of a catalogue file, fresh, to be spoilt."""
    return json.loads(path.read_text(encoding="utf-8"))


def shipped_document() -> Any:
    return document(Path(SHIPPED))
