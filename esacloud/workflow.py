"""The way of the data, end to end: a file is read, compiled, lowered to a cloud, proven, and laid out as a module.

Each function here is one step or a few, with typed input and output and no hidden state; the commands call nothing else.
Nothing touches a network, a clock or an environment variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from esacloud import clouds
from esacloud.deployment.model import Deployment, Dialect
from esacloud.errors import EsacloudError
from esacloud.packets import PacketSet
from esacloud.policy.cloud import Lowered
from esacloud.policy.compile import compile_policy
from esacloud.policy.model import Policy
from esacloud.policy.packets import packets_by_interface
from esacloud.policy.proof import Difference, differences


class ProofError(EsacloudError):
    """The rules made from a policy do not permit exactly its packets. Nothing was written. This is a fault of esacloud."""

    exit_code = 1

    def __init__(self, found: tuple[Difference, ...], oddities: tuple[str, ...] = ()) -> None:
        self.differences, self.oddities = found, oddities
        lines = [sentence for difference in found for sentence in difference.sentences()]
        super().__init__(
            "\n".join(["The rules are not proven equal to the policy. Please report this:", *lines, *oddities])
        )


@dataclass(frozen=True, slots=True)
class Module:
    """A Terraform module, proven and not yet written: its policy, its rules, and the text of every file."""

    lowered: Lowered
    files: Mapping[str, str]

    @property
    def policy(self) -> Policy:
        """The policy that the module was proven equal to."""
        return self.lowered.policy


@dataclass(frozen=True, slots=True)
class Verification:
    """What a module on disk was found to be. It is proven when there are neither differences nor oddities."""

    policy: Policy
    differences: tuple[Difference, ...]
    oddities: tuple[str, ...]

    @property
    def proven(self) -> bool:
        """Whether the module permits exactly the policy's packets, and nothing in it went unread."""
        return not self.differences and not self.oddities

    def sentences(self) -> tuple[str, ...]:
        """Everything found, witnesses first."""
        return (*(sentence for found in self.differences for sentence in found.sentences()), *self.oddities)


def read_deployment(path: str, text: str | None = None) -> Deployment:
    """Read and check a deployment file, or `text` in its place. Raises InputError with every problem in it."""
    from esacloud.deployment.read import read

    return read(path, dialects(), text=text)


def dialects() -> Mapping[str, Dialect]:
    """What each known cloud adds to the deployment file."""
    return clouds.Dialects()


def compile_for(deployment: Deployment, cloud: str) -> Policy:
    """The policy of a deployment on one of its clouds. Raises InputError with every problem."""
    return compile_policy(deployment, clouds.load(cloud).DIALECT)


def lower(deployment: Deployment, cloud: str) -> Lowered:
    """The policy in the cloud's rules, proven equal to it. Raises InputError, or ProofError."""
    lowered = clouds.load(cloud).lower(compile_for(deployment, cloud), deployment)
    _prove(lowered.policy, lowered.packets)
    return lowered


def generate(deployment: Deployment, cloud: str) -> Module:
    """A Terraform module for the deployment on one of its clouds, proven before it is handed out.

    The very texts that will be on disk are read back and evaluated, so the proof holds for the files and not only for what
    they were made from. Raises InputError, or ProofError.
    """
    from esacloud.terraform.assemble import assemble
    from esacloud.terraform.layout import documents_of

    chosen = clouds.load(cloud)
    lowered = chosen.lower(compile_for(deployment, cloud), deployment)
    files = assemble(chosen, lowered, deployment)
    back = chosen.read_back(documents_of(files))
    _prove(lowered.policy, back.packets, back.oddities)
    return Module(lowered, files)


def write_module(directory: str, module: Module, *, force: bool = False) -> None:
    """Write all files of a module, or none. Raises InputError for a directory that is not ours, OutsideError for a disk.

    `force` replaces files of an earlier module that were edited by hand since.
    """
    from esacloud.terraform.directory import write

    write(directory, module.files, force=force)


def _prove(policy: Policy, packets: Mapping[str, PacketSet], oddities: tuple[str, ...] = ()) -> None:
    found = differences(packets_by_interface(policy), packets)
    if found or oddities:
        raise ProofError(found, oddities)


def verify(deployment: Deployment, cloud: str, directory: str) -> Verification:
    """Read a module back from disk, evaluate it, and hold it against the policy of the deployment.

    The evaluation trusts nobody. Where the module says that this version of esacloud wrote it, every byte is also compared
    with what would be written now, which finds a changed digit in a description or a manifest too.
    Raises InputError when the directory holds no module that can be read at all.
    """
    from esacloud.terraform.directory import read_documents
    from esacloud.terraform.manifest import differing_files

    module = generate(deployment, cloud)
    documents, oddities = read_documents(directory)
    back = clouds.load(cloud).read_back(documents)
    found = differences(packets_by_interface(module.policy), back.packets)
    return Verification(module.policy, found, (*oddities, *back.oddities, *differing_files(directory, module.files)))
