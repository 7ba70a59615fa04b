"""Runs the command in this process, as a shell would see it: exit code, standard output, standard error."""

from __future__ import annotations

import contextlib
import io
from typing import NamedTuple

from esacloud.cli.main import main


class Ran(NamedTuple):
    """What a command line left behind."""

    code: int
    out: str
    err: str


def esacloud(*words: object) -> Ran:
    """Run `esacloud WORDS...`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(word) for word in words])
        except SystemExit as stop:  # argparse leaves this way
            code = stop.code if isinstance(stop.code, int) else 1
    return Ran(code, out.getvalue(), err.getvalue())
