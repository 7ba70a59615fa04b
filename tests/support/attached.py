"""Providers that are started once for a test process, and that all its terraform commands attach to.

Terraform by itself starts a provider two to four times for each command. The last configuration of a provider holds for all
who are attached to it, so the commands of a test process run one after the other. Tests that say `ordinary` let terraform
start the providers, as it does for users.
"""

from __future__ import annotations

import os
import subprocess
from functools import cache


@cache
def reattach(command: tuple[str, ...], environment: tuple[tuple[str, str], ...]) -> str:
    """The value of TF_REATTACH_PROVIDERS for a program that prints it in a line and ends when its input does.

    The program has this environment and the given one. It ends with this process, however that ends.
    https://developer.hashicorp.com/terraform/plugin/debugging
    """
    process = subprocess.Popen(
        command,
        env={**os.environ, **dict(environment)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    _running.append(process)
    assert process.stdout is not None
    for line in process.stdout:
        if "{" in line:
            return line[line.index("{") : line.rindex("}") + 1]
    raise AssertionError(f"{' '.join(command)} ended with {process.wait()} and without a provider")


_running: list[subprocess.Popen[str]] = []  # kept, because a process that nobody holds has its input closed
