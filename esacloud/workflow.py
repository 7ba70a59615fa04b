"""The whole data path: read a file, compile it, lower it to a cloud, prove the rules, lay out the module.

Each function is one step or a few, with typed input and output and no hidden state; the commands call nothing else.
Nothing touches a network or an environment variable. The clock is read in one place, and only when no date is given, to
decide whether a waiver has expired.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from esacloud import provider as clouds
from esacloud.deployment.model import Deployment, Dialect
from esacloud.errors import EsacloudError, InputError, Place, Problem, Severity, one_of
from esacloud.packets.sets import PacketSet
from esacloud.policy.compile import compile_policy
from esacloud.policy.filtered import name_differences
from esacloud.policy.lowered import Lowered
from esacloud.policy.model import Policy
from esacloud.policy.packets import packets_by_interface
from esacloud.policy.proof import Difference, differences
from esacloud.provider import Live, Provider

if TYPE_CHECKING:
    from datetime import date

    from esacloud.catalogue.model import Catalogue
    from esacloud.change.live import Connection, LiveCloud
    from esacloud.guardrails.model import Judgement


class ProofError(EsacloudError):
    """The rules made from a policy do not permit exactly its packets. Nothing was written. This is a bug in esacloud."""

    exit_code = 1

    def __init__(self, found: tuple[Difference, ...], deviations: tuple[str, ...] = ()) -> None:
        self.differences, self.deviations = found, deviations
        lines = [sentence for difference in found for sentence in difference.sentences()]
        head = "The rules are not proven equal to the policy. This is a bug; please report it:"
        super().__init__("\n".join([head, *lines, *deviations]))


class GuardrailError(EsacloudError):
    """The policy violates a guardrail, or a waiver in the file is invalid. Nothing was written.

    The text has a line for each problem; `judgement` has everything, waived findings included.
    """

    exit_code = 1

    def __init__(self, judgement: Judgement, place: Place) -> None:
        self.judgement, self.place = judgement, place
        super().__init__("\n".join(map(str, judgement.all_problems(place))))


@dataclass(frozen=True, slots=True)
class Module:
    """A Terraform module, proven but not written: its policy, its rules, and the text of every file.

    `judgement` is the guardrails' verdict: nothing that refuses, but perhaps warnings and waived findings.
    """

    lowered: Lowered
    files: Mapping[str, str]
    judgement: Judgement

    @property
    def policy(self) -> Policy:
        """The policy that the module was proven equal to."""
        return self.lowered.policy

    def warnings(self, place: Place) -> tuple[Problem, ...]:
        """Warnings of the policy, the guardrails and the waivers. `place` stands in where a finding has no line."""
        return (*self.policy.warnings, *self.judgement.all_problems(place))


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of verifying a module on disk. It is proven when there are neither differences nor deviations."""

    policy: Policy
    differences: tuple[Difference, ...]
    deviations: tuple[str, ...]

    @property
    def proven(self) -> bool:
        """Whether the module permits exactly the policy's packets, and all of it could be evaluated."""
        return not self.differences and not self.deviations

    def sentences(self) -> tuple[str, ...]:
        """All differences and deviations, witnesses first."""
        return (*(sentence for found in self.differences for sentence in found.sentences()), *self.deviations)


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of checking one deployment file: its problems, each once, and the guardrails' judgement for each cloud.

    A cloud whose policy cannot be compiled has no judgement; a file that cannot be read has no catalogue.
    """

    file: str
    problems: tuple[Problem, ...]
    judgements: Mapping[str, Judgement]
    catalogue: Catalogue | None = None

    @property
    def usable(self) -> bool:
        """Whether the file itself has no error; guardrails may still refuse it."""
        return not any(problem.severity == "error" for problem in self.problems)

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not (self.count("error") or self.count("warning"))

    def count(self, severity: Severity) -> int:
        """How many problems of one severity there are, those of the guardrails on each cloud included."""
        place = Place(self.file)
        judged = (problem for judgement in self.judgements.values() for problem in judgement.all_problems(place))
        return sum(problem.severity == severity for problem in (*self.problems, *judged))


def read_deployment(path: str, text: str | None = None) -> Deployment:
    """Read and check a deployment file, or `text` in its place, and the lock beside it where the file pins host names.

    Raises InputError with every problem found.
    """
    from esacloud.deployment.read import read

    deployment = read(path, dialects(), text=text)
    if not deployment.uses("pinned"):
        return deployment
    from esacloud.hostnames.pinned import with_lock

    return with_lock(deployment)


def dialects() -> Mapping[str, Dialect]:
    """The keys that each known cloud adds to the deployment file."""
    return clouds.Dialects()


def compile_for(deployment: Deployment, cloud: str) -> Policy:
    """The policy of a deployment on one of its clouds. Raises InputError with every problem."""
    return compile_policy(deployment, clouds.load(cloud).dialect)


def check(path: str, today: date | None = None) -> Checked:
    """Everything that `generate` would report or refuse for a deployment file. No problem of the file raises an error."""
    try:
        deployment = read_deployment(path)
    except InputError as error:
        return Checked(path, error.problems, {})
    found, judgements = [*deployment.warnings], {}
    for name in deployment.clouds:
        cloud = clouds.load(name)
        try:
            policy = compile_for(deployment, name)
            found += policy.warnings
            judgements[name] = judge_policy(policy, deployment, cloud, today)
            cloud.lower(policy, deployment)
        except InputError as error:
            found += error.problems
    in_order = sorted(dict.fromkeys(found), key=lambda problem: (problem.severity, problem.place.line or 0))
    return Checked(path, tuple(in_order), judgements, deployment.catalogue)


def lower(deployment: Deployment, cloud: str, today: date | None = None) -> Lowered:
    """The policy in the cloud's rules, within the guardrails and proven.

    Raises InputError, GuardrailError or ProofError.
    """
    lowered, desired, _ = _lowered(deployment, cloud, today)
    _prove(desired, lowered.packets)
    return lowered


def generate(deployment: Deployment, cloud: str, today: date | None = None) -> Module:
    """A Terraform module for the deployment on one of its clouds, within the guardrails and proven.

    The proof reads back and evaluates the exact texts that will be on disk, not the values that they were made from.
    Raises InputError, GuardrailError or ProofError.
    """
    from esacloud.terraform.layout import documents_of
    from esacloud.terraform.manifest import module_files

    loaded = clouds.load(cloud)
    lowered, desired, judgement = _lowered(deployment, cloud, today)
    files = module_files(loaded, lowered, deployment)
    back = loaded.read_back(documents_of(files))
    _prove(desired, back.packets, (*back.deviations, *name_differences(lowered.policy, back.filtered)))
    return Module(lowered, files, judgement)


def _lowered(deployment: Deployment, cloud: str, today: date | None) -> tuple[Lowered, Mapping[str, PacketSet], Judgement]:
    """The policy in the cloud's rules, the packets that they have to permit, and the judgement; not yet proven."""
    loaded = clouds.load(cloud)
    policy = compile_for(deployment, cloud)
    desired = packets_by_interface(policy)
    judgement = judge_policy(policy, deployment, loaded, today, desired)
    if judgement.refuses:
        raise GuardrailError(judgement, deployment.place)
    lowered = loaded.lower(policy, deployment)
    if lowered.policy is not policy:  # the cloud added flows of its own
        desired = packets_by_interface(lowered.policy)
    return lowered, desired, judgement


def judge_policy(
    policy: Policy,
    deployment: Deployment,
    cloud: Provider,
    today: date | None = None,
    packets: Mapping[str, PacketSet] | None = None,
) -> Judgement:
    """The guardrails' judgement of a compiled policy; `packets` are its packets by interface, if already computed."""
    from datetime import date

    from esacloud.guardrails import judge as guardrails

    return guardrails.judge(policy, deployment, today or date.today(), packets, cloud.public_address_spaces)


def write_module(directory: str, module: Module, *, force: bool = False) -> None:
    """Write all files of a module, or none. Raises InputError for a directory with other files, OutsideError for the disk.

    `force` replaces files of an earlier module that were edited since.
    """
    from esacloud.terraform.directory import write

    write(directory, module.files, force=force)


def _prove(desired: Mapping[str, PacketSet], packets: Mapping[str, PacketSet], deviations: tuple[str, ...] = ()) -> None:
    found = differences(desired, packets)
    if found or deviations:
        raise ProofError(found, deviations)


def verify(deployment: Deployment, cloud: str, directory: str) -> Verification:
    """Read a module back from disk, evaluate it, and compare it with the policy of the deployment.

    The evaluation trusts nothing in the directory. If the manifest names this version of esacloud, every byte is also
    compared with what this version writes, which finds an edit in a description or a manifest too.
    Raises InputError when the directory holds no module that can be read.
    """
    from esacloud.terraform.manifest import differing_files
    from esacloud.terraform.reading import read_documents

    module = generate(deployment, cloud)
    documents, deviations = read_documents(directory)
    back = clouds.load(cloud).read_back(documents)
    found = differences(packets_by_interface(module.policy), back.packets)
    deviations = (*deviations, *back.deviations, *name_differences(module.policy, back.filtered))
    return Verification(module.policy, found, (*deviations, *differing_files(directory, module.files)))


def connect(deployment: Deployment, cloud: str, connection: Connection | None = None) -> LiveCloud:
    """The live cloud of a deployment. Raises InputError without the cloud's SDK or with settings that do not suffice."""
    from esacloud.change.live import Connection

    return _live(cloud, deployment.place).live(deployment, connection or Connection())


def connect_to(
    snapshot_document: Mapping[str, Any], connection: Connection | None = None, path: str = "snapshot"
) -> LiveCloud:
    """The live cloud of a snapshot. Raises InputError as `connect` does, and for a cloud or scope that does not exist."""
    from esacloud.change.live import Connection

    cloud = str(snapshot_document["cloud"])
    live = _live(cloud, Place(path, key="cloud"))
    try:
        return live.live_of(snapshot_document, connection or Connection())
    except KeyError as error:  # in a snapshot that somebody has edited
        message = f"The snapshot of {cloud} lacks {error}."
        raise InputError.at(Place(path, key="scope"), message, "Use the file as it was written.") from error


def _live(cloud: str, place: Place) -> Live:
    if cloud not in clouds.CLOUDS:
        raise InputError.at(place, f"There is no cloud {cloud!r}.", f"Write {one_of(tuple(clouds.CLOUDS))}.")
    return clouds.load(cloud).live()
