"""The real terraform with the stub of the azurerm provider in place of the provider; nothing is downloaded."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from support import terraform
from support.attached import reattach
from support.azurerm_stub.network_interfaces import NetworkInterface, NetworkInterfaces
from support.real_parts import missing

STUB = Path(__file__).with_name("azurerm_stub") / "provider.py"


class Terraform(terraform.Terraform):
    """Terraform in one directory, every provider but the stub out of reach. Needs no `init`.

    It attaches to the one process of the stub; with `ordinary` it starts the stub itself, as it does for users.
    """

    def __init__(self, directory: Path, plugins: Path, *, ordinary: bool = False) -> None:
        if find_spec("tf") is None:
            missing("the package tf, in which the stub provider is written, is not installed")
        plugins.mkdir(exist_ok=True)
        script = plugins / "terraform-provider-azurerm"
        self._network_interfaces = NetworkInterfaces(plugins / "network_interfaces")
        script.write_text(
            f"#!/bin/sh\nexport ESACLOUD_STUB_NETWORK_INTERFACES={shlex.quote(str(self._network_interfaces.folder))}\n"
            f'exec {shlex.quote(sys.executable)} {shlex.quote(str(STUB))} "$@"\n'
        )
        script.chmod(0o755)
        configuration = plugins / "terraform.rc"
        configuration.write_text(
            f'provider_installation {{\n  dev_overrides {{ "hashicorp/azurerm" = "{plugins}" }}\n'
            '  direct { exclude = ["*/*"] }\n}\n'
        )
        self._network_interfaces.folder.mkdir(exist_ok=True)
        super().__init__(directory, {} if ordinary else {"TF_REATTACH_PROVIDERS": _attached()}, configuration)
        self._use_own_network_interfaces()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        self._use_own_network_interfaces()
        return super().run(*words)

    def _use_own_network_interfaces(self) -> None:
        """Let the one process of the stub find those of this directory."""
        link = _link()
        link.unlink(missing_ok=True)
        link.symlink_to(self._network_interfaces.folder)

    @property
    def network_interfaces(self) -> list[NetworkInterface]:
        """Those behind the stub, as far as something was put on them, ever."""
        return self._network_interfaces.all()


@cache
def _link() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="esacloud-stub-")
    _kept.append(folder)
    return Path(folder.name, "network_interfaces")


_kept: list[tempfile.TemporaryDirectory[str]] = []


def _attached() -> str:
    command = (sys.executable, "-u", str(STUB), "--dev")
    return reattach(command, (("ESACLOUD_STUB_NETWORK_INTERFACES", str(_link())),))


def listed_modules(root: Path, modules: dict[str, str]) -> None:
    """What `terraform get` leaves behind, module call -> its place; `init` would look for the provider."""
    every = [{"Key": "", "Source": "", "Dir": "."}]
    every += [{"Key": name, "Source": place, "Dir": place.removeprefix("./")} for name, place in modules.items()]
    (root / ".terraform" / "modules").mkdir(parents=True)
    (root / ".terraform" / "modules" / "modules.json").write_text(json.dumps({"Modules": every}))
