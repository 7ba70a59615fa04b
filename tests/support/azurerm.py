"""The real terraform with the stub of the azurerm provider in place of the provider; nothing is downloaded."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from support.real_parts import missing

STUB = Path(__file__).with_name("azurerm_stub") / "provider.py"


class Terraform:
    """Terraform in one directory, every provider but the stub out of reach. Needs no `init`."""

    def __init__(self, directory: Path, plugins: Path) -> None:
        self.directory = directory
        self.program = shutil.which("terraform") or missing("terraform is not on the PATH")
        if find_spec("tf") is None:
            missing("the package tf, in which the stub provider is written, is not installed")
        plugins.mkdir(exist_ok=True)
        script = plugins / "terraform-provider-azurerm"
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(STUB))} "$@"\n')
        script.chmod(0o755)
        configuration = plugins / "terraform.rc"
        configuration.write_text(
            f'provider_installation {{\n  dev_overrides {{ "hashicorp/azurerm" = "{plugins}" }}\n'
            '  direct { exclude = ["*/*"] }\n}\n'
        )
        self.environment = {
            **os.environ,
            "TF_CLI_CONFIG_FILE": str(configuration),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `terraform WORDS...`, whatever its exit code."""
        return subprocess.run(
            [self.program, *words], cwd=self.directory, env=self.environment, capture_output=True, text=True, timeout=300
        )

    def __call__(self, *words: str) -> str:
        """What `terraform WORDS...` prints; the test fails when it does not end in 0."""
        done = self.run(*words)
        assert done.returncode == 0, f"terraform {' '.join(words)} ended in {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout
