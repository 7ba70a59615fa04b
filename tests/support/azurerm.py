"""The real terraform with the stub of the azurerm provider in place of the provider; nothing is downloaded."""

from __future__ import annotations

import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

from support import terraform
from support.real_parts import missing

STUB = Path(__file__).with_name("azurerm_stub") / "provider.py"


class Terraform(terraform.Terraform):
    """Terraform in one directory, every provider but the stub out of reach. Needs no `init`."""

    def __init__(self, directory: Path, plugins: Path) -> None:
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
        super().__init__(directory, {}, configuration)
