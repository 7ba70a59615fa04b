"""esacloud itself, from a deployment file to a Terraform module, proven on the way: what is the same for every cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.equal_policy import EqualPolicy
from esacloud import provider as clouds
from esacloud.packets.sets import PacketSet
from esacloud.terraform.reading import read_documents

NAME = "esacloud"
DISTRIBUTION = "esacloud"


def write_input(folder: Path, policies: Sequence[EqualPolicy]) -> None:
    """`folder/NNNN.yaml` for each policy."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, policy in enumerate(policies):
        (folder / f"{number:04}.yaml").write_text(policy.text)


def cold(folder: Path, out: Path) -> list[str]:
    """`esacloud generate`; the file names the cloud."""
    start = "import sys; from esacloud.cli.main import entry_point; sys.argv[0] = 'esacloud'; sys.exit(entry_point())"
    return ["-c", start, "generate", str(folder / "0000.yaml"), "--out", str(out / "0000")]


def loop(folder: Path, out: Path, cloud: str) -> list[str]:
    """Its functions in a loop: the command takes one file."""
    return [str(Path(__file__).parents[1] / "loops" / "many_esacloud.py"), str(folder), str(out), cloud]


def read_back(out: Path, cloud: str) -> Mapping[str, PacketSet]:
    """What the module on disk permits, evaluated from its text."""
    documents, _ = read_documents(str(out / "0000"))
    return clouds.load(cloud).read_back(documents).packets


def leeway() -> PacketSet:
    """None: it says exactly the policy's packets."""
    return PacketSet.of(())
