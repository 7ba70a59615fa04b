"""The real terraform with the real AWS provider, taken from a mirror on this machine; nothing is downloaded.

The mirror is looked for where ESACLOUD_PROVIDER_MIRROR says, in terraform's own configuration (TF_CLI_CONFIG_FILE,
TF_PLUGIN_CACHE_DIR), in the places where terraform itself looks
(https://developer.hashicorp.com/terraform/cli/config/config-file, "Implied Local Mirror Directories"), and below /opt.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from support.attached import reattach
from support.real_parts import missing

from esacloud.lab.ec2.application import CREDENTIALS

PROVIDER = "registry.terraform.io/hashicorp/aws"
ROOT = Path(__file__).parents[2]
PROXY = Path(__file__).with_name("provider_proxy.py")
# The provider's process has its own environment. Where the requests go is for the configuration to say.
AWS = {**CREDENTIALS, "AWS_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true", "TF_LOG": "ERROR"}
_MIRROR_IN_CONFIGURATION = re.compile(r'filesystem_mirror\s*\{[^}]*?path\s*=\s*"([^"]+)"')


class Terraform:
    """Terraform in one directory, with the provider from the mirror and the given environment on top of this one.

    It attaches to the one process of the provider; with `ordinary` it starts the provider itself, as it does for users.
    `configuration` is the command line's own configuration, where providers come from somewhere else.
    """

    def __init__(
        self, directory: Path, environment: dict[str, str], configuration: Path | None = None, *, ordinary: bool = False
    ) -> None:
        self.directory = directory
        self.program = need_terraform()
        if configuration is None:
            configuration = directory / ".terraformrc"
            configuration.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{need_mirror()}" }}\n}}\n')
            environment = environment if ordinary else {**environment, "TF_REATTACH_PROVIDERS": attached_aws()}
        self.environment = {
            **os.environ,
            "TF_CLI_CONFIG_FILE": str(configuration),
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            **environment,
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


def need_terraform() -> str:
    return shutil.which("terraform") or missing("terraform is not on the PATH")


def need_mirror() -> Path:
    found = next((place for place in _places() if (place / PROVIDER).is_dir()), None)
    return found or missing("no mirror with the AWS provider of terraform; name one in ESACLOUD_PROVIDER_MIRROR")


@cache
def attached_aws() -> str:
    """The TF_REATTACH_PROVIDERS of the AWS provider, with every resource that is named by something that makes a module."""
    if find_spec("tf") is None:
        missing("the package tf, through which terraform attaches to the provider, is not installed")
    program = max((need_mirror() / PROVIDER).glob("*/*/terraform-provider-aws*"), key=lambda path: path.stat().st_size)
    places = (ROOT / "esacloud" / "aws", ROOT / "modules" / "aws", ROOT / "examples" / "terraform" / "aws")
    files = [file for place in places for file in place.rglob("*") if file.suffix in (".py", ".tf", ".json", ".hcl")]
    texts = (file.read_text(encoding="utf-8") for file in files)
    named = sorted({name for text in texts for name in re.findall(r"\baws_\w+", text)})
    return reattach((sys.executable, str(PROXY), PROVIDER, str(program), *named), tuple(AWS.items()))


def _places() -> Iterator[Path]:
    if named := os.environ.get("ESACLOUD_PROVIDER_MIRROR"):
        yield Path(named)
    configuration = Path(os.environ.get("TF_CLI_CONFIG_FILE", Path.home() / ".terraformrc"))
    if configuration.is_file():
        yield from map(Path, _MIRROR_IN_CONFIGURATION.findall(configuration.read_text(encoding="utf-8")))
    if cache := os.environ.get("TF_PLUGIN_CACHE_DIR"):
        yield Path(cache)
    yield Path.home() / ".terraform.d" / "plugins"
    for data in (Path.home() / ".local/share", Path("/usr/local/share"), Path("/usr/share")):
        yield data / "terraform" / "plugins"
    yield from sorted(Path("/opt").glob("*"))
