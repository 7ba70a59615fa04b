"""The way of the data, end to end: a file is read, compiled, lowered to a cloud, proven, and laid out as a module.

Each function here is one step or a few, with typed input and output and no hidden state; the commands call nothing else.
Nothing touches a network or an environment variable. The clock is read in one place, and only where no day is given, to
tell whether a waiver has expired.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from esacloud import provider as clouds
from esacloud.deployment.model import Deployment, Dialect
from esacloud.errors import EsacloudError, InputError, Place, Problem, one_of
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
    """The rules made from a policy do not permit exactly its packets. Nothing was written. This is a fault of esacloud."""

    exit_code = 1

    def __init__(self, found: tuple[Difference, ...], deviations: tuple[str, ...] = ()) -> None:
        self.differences, self.deviations = found, deviations
        lines = [sentence for difference in found for sentence in difference.sentences()]
        super().__init__(
            "\n".join(["The rules are not proven equal to the policy. Please report this:", *lines, *deviations])
        )


class GuardrailError(EsacloudError):
    """The policy opens what must not be open, or a waiver in the file does not hold. Nothing was written."""

    exit_code = 1

    def __init__(self, judgement: Judgement, place: Place) -> None:
        from esacloud.report.text.findings import judgement_lines

        self.judgement = judgement
        super().__init__("\n".join(judgement_lines(judgement, place)))


@dataclass(frozen=True, slots=True)
class Module:
    """A Terraform module, proven and not yet written: its policy, its rules, and the text of every file.

    `judgement` is what the guardrails said: nothing that refuses, but warnings and waived findings.
    """

    lowered: Lowered
    files: Mapping[str, str]
    judgement: Judgement

    @property
    def policy(self) -> Policy:
        """The policy that the module was proven equal to."""
        return self.lowered.policy

    def warnings(self, place: Place) -> tuple[Problem, ...]:
        """What does not stop the work: policy, guardrails and waivers. `place` serves what has no line."""
        findings = (finding.problem(place) for finding in self.judgement.findings)
        return (*self.policy.warnings, *findings, *self.judgement.problems)


@dataclass(frozen=True, slots=True)
class Verification:
    """What a module on disk was found to be. It is proven when there are neither differences nor oddities."""

    policy: Policy
    differences: tuple[Difference, ...]
    deviations: tuple[str, ...]

    @property
    def proven(self) -> bool:
        """Whether the module permits exactly the policy's packets, and nothing in it went unread."""
        return not self.differences and not self.deviations

    def sentences(self) -> tuple[str, ...]:
        """Everything found, witnesses first."""
        return (*(sentence for found in self.differences for sentence in found.sentences()), *self.deviations)


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
    """What each known cloud adds to the deployment file."""
    return clouds.Dialects()


def compile_for(deployment: Deployment, cloud: str) -> Policy:
    """The policy of a deployment on one of its clouds. Raises InputError with every problem."""
    return compile_policy(deployment, clouds.load(cloud).dialect)


@dataclass(frozen=True, slots=True)
class Checked:
    """What is to be said of one deployment file: problems, each once, and for each cloud what the guardrails say.

    A cloud whose policy cannot be made has no judgement; a file that cannot be read at all has no catalogue.
    """

    file: str
    problems: tuple[Problem, ...]
    judgements: Mapping[str, Judgement]
    catalogue: Catalogue | None = None

    @property
    def usable(self) -> bool:
        """Whether the file can be used at all; guardrails may refuse it all the same."""
        return not any(problem.severity == "error" for problem in self.problems)

    @property
    def clean(self) -> bool:
        """Whether there is nothing to say."""
        return not self.problems and not any(found.findings or found.problems for found in self.judgements.values())


def check(path: str, today: date | None = None) -> Checked:
    """Everything that `generate` would say or refuse of a deployment file. Raises nothing for what stands in the file."""
    try:
        deployment = read_deployment(path)
    except InputError as error:
        return Checked(path, error.problems, {})
    found, judgements = [*deployment.warnings], {}
    for name in deployment.clouds:
        chosen = clouds.load(name)
        try:
            policy = compile_for(deployment, name)
            found += policy.warnings
            judgements[name] = judge_policy(policy, deployment, chosen, today)
            chosen.lower(policy, deployment)
        except InputError as error:
            found += error.problems
    in_order = sorted(dict.fromkeys(found), key=lambda problem: (problem.severity, problem.place.line or 0))
    return Checked(path, tuple(in_order), judgements, deployment.catalogue)


def judge(deployment: Deployment, cloud: str, today: date | None = None) -> Judgement:
    """What the guardrails say of the policy on one cloud. Raises InputError where there is no policy.

    `today` decides which waivers still hold; None is the day on this machine's clock.
    """
    return judge_policy(compile_for(deployment, cloud), deployment, clouds.load(cloud), today)


def lower(deployment: Deployment, cloud: str, today: date | None = None) -> Lowered:
    """The policy in the cloud's rules, within the guardrails and proven.

    Raises InputError, GuardrailError or ProofError.
    """
    lowered, desired, _ = _lowered(deployment, cloud, today)
    _prove(desired, lowered.packets)
    return lowered


def generate(deployment: Deployment, cloud: str, today: date | None = None) -> Module:
    """A Terraform module for the deployment on one of its clouds, within the guardrails and proven.

    The very texts that will be on disk are read back and evaluated, so the proof holds for the files and not only for what
    they were made from. Raises InputError, GuardrailError or ProofError.
    """
    from esacloud.terraform.assemble import assemble
    from esacloud.terraform.layout import documents_of

    chosen = clouds.load(cloud)
    lowered, desired, judgement = _lowered(deployment, cloud, today)
    files = assemble(chosen, lowered, deployment)
    back = chosen.read_back(documents_of(files))
    _prove(desired, back.packets, (*back.deviations, *name_differences(lowered.policy, back.filtered)))
    return Module(lowered, files, judgement)


def _lowered(deployment: Deployment, cloud: str, today: date | None) -> tuple[Lowered, Mapping[str, PacketSet], Judgement]:
    """The policy in the cloud's rules, the packets that they have to permit, what the guardrails say; not yet proven."""
    chosen = clouds.load(cloud)
    policy = compile_for(deployment, cloud)
    desired = packets_by_interface(policy)
    judgement = judge_policy(policy, deployment, chosen, today, desired)
    if judgement.refuses:
        raise GuardrailError(judgement, deployment.place)
    lowered = chosen.lower(policy, deployment)
    if lowered.policy is not policy:  # the cloud has added flows of its own
        desired = packets_by_interface(lowered.policy)
    return lowered, desired, judgement


def judge_policy(
    policy: Policy,
    deployment: Deployment,
    cloud: Provider,
    today: date | None = None,
    packets: Mapping[str, PacketSet] | None = None,
) -> Judgement:
    """What the guardrails say of a policy at hand; `packets` are its packets by interface, where they are known already."""
    from datetime import date

    from esacloud.guardrails import judge as guardrails

    return guardrails.judge(policy, deployment, today or date.today(), packets, cloud.public_address_spaces)


def write_module(directory: str, module: Module, *, force: bool = False) -> None:
    """Write all files of a module, or none. Raises InputError for a directory that is not ours, OutsideError for a disk.

    `force` replaces files of an earlier module that were edited by hand since.
    """
    from esacloud.terraform.directory import write

    write(directory, module.files, force=force)


def _prove(desired: Mapping[str, PacketSet], packets: Mapping[str, PacketSet], deviations: tuple[str, ...] = ()) -> None:
    found = differences(desired, packets)
    if found or deviations:
        raise ProofError(found, deviations)


def verify(deployment: Deployment, cloud: str, directory: str) -> Verification:
    """Read a module back from disk, evaluate it, and hold it against the policy of the deployment.

    The evaluation trusts nobody. Where the module says that this version of esacloud wrote it, every byte is also compared
    with what would be written now, which finds a changed digit in a description or a manifest too.
    Raises InputError when the directory holds no module that can be read at all.
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
        raise InputError(Problem(Place(path, key="scope"), message, "Use the file as it was written.")) from error


def _live(cloud: str, place: Place) -> Live:
    if cloud not in clouds.CLOUDS:
        raise InputError(Problem(place, f"There is no cloud {cloud!r}.", f"Write {one_of(tuple(clouds.CLOUDS))}."))
    return clouds.load(cloud).live()
