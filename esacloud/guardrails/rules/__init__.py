"""The guardrails, in order of their codes, found by their files: each `esaNNN_name.py` here holds one `GUARDRAIL`."""

from __future__ import annotations

import os
from importlib import import_module

from esacloud.guardrails.model import Guardrail

# The folder is listed with os, because pkgutil and pathlib cost every start several milliseconds.
_FOLDER = os.path.dirname(__file__)  # noqa: PTH120
_FILES = sorted(name for name in os.listdir(_FOLDER) if name.startswith("esa") and name.endswith(".py"))  # noqa: PTH208


def _guardrail(file: str) -> Guardrail:
    guardrail: Guardrail = import_module(f"{__name__}.{file.removesuffix('.py')}").GUARDRAIL
    return guardrail


GUARDRAILS: tuple[Guardrail, ...] = tuple(map(_guardrail, _FILES))
