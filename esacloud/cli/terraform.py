"""Run terraform or OpenTofu on a module or on a configuration of your own, and verify what it applied.

Output of terraform is shown as it comes. Apply runs the plan that was shown. After apply, the packets that the state
permits are compared with the policy: that of the file given with --deployment, else that of the module that esacloud
wrote into DIR. Put values of variables into a .tfvars file or into TF_VAR_NAME in the environment, never into arguments.

exit code 0 means: nothing to do, or done and verified. 1 means: the plan has changes, the state differs from the policy, or
you did not approve. 3 means: terraform failed.

example: esacloud terraform plan build/small
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from esacloud.cli.common import chosen_clouds, print_warnings
from esacloud.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from esacloud.packets.sets import PacketSet
    from esacloud.terraform.runner import Runner

ACTIONS = ("validate", "plan", "apply", "destroy")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=ACTIONS, help="what to do")
    parser.add_argument(
        "directory", metavar="DIR", help="a module that esacloud generate wrote, or a root module of your own"
    )
    parser.add_argument("--deployment", metavar="FILE", help="the deployment file to verify the state against after apply")
    parser.add_argument("--cloud", metavar="CLOUD", help="the cloud of that file, if it names several")
    parser.add_argument("--var-file", metavar="FILE", action="append", default=[], help="a .tfvars file; may be repeated")
    parser.add_argument("--binary", metavar="PROGRAM", help="the program to run (default: terraform, else tofu)")
    parser.add_argument("--yes", "-y", action="store_true", help="apply and destroy without asking")
    parser.add_argument("--no-init", action="store_true", help="never run terraform init")


def run(arguments: Namespace) -> int:
    """Start terraform, run the action, verify."""
    from esacloud.terraform.runner import Runner

    changing = arguments.action in ("apply", "destroy")
    if changing and not arguments.yes and not sys.stdin.isatty():
        message = f"{arguments.action} asks for approval, and standard input is not a terminal."
        raise InputError.at(arguments.directory, message, "Add --yes to skip the question.")
    desired = _desired(arguments) if arguments.action == "apply" else None  # a bad file is an error before terraform starts
    runner = Runner(arguments.directory, arguments.binary)
    if not arguments.no_init:
        runner.init()
    if arguments.action == "validate":
        runner.validate()
        return 0
    return _planned(arguments, runner, desired)


def _planned(arguments: Namespace, runner: Runner, desired: tuple[str, str, Mapping[str, PacketSet]] | None) -> int:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="esacloud-") as private:  # mode 700, then deleted: a plan holds all values, secrets too
        plan = str(Path(private, "plan"))
        has_changes = runner.plan(plan, var_files=arguments.var_file, destroy=arguments.action == "destroy")
        if arguments.action == "plan":
            return 1 if has_changes else 0
        if has_changes:
            question = f"{arguments.action.capitalize()} this plan? Only 'yes' will be accepted to approve: "
            if not arguments.yes and input(question) != "yes":
                print("Nothing was changed.")
                return 1
            runner.apply(plan)
    return _verify(runner, desired) if arguments.action == "apply" else 0


def _desired(arguments: Namespace) -> tuple[str, str, Mapping[str, PacketSet]] | None:
    """Name of the deployment, its cloud, and its packets; None when neither a file nor a module has them."""
    from esacloud import provider as clouds
    from esacloud import workflow

    if arguments.deployment is not None:
        deployment = workflow.read_deployment(arguments.deployment)
        chosen = list(chosen_clouds(deployment, arguments.cloud, ""))
        if len(chosen) > 1:
            place = Place(deployment.place.file, key="cloud")
            raise InputError.at(place, "The file names several clouds.", f"Select one with --cloud: {chosen}.")
        lowered = workflow.lower(deployment, chosen[0])
        print_warnings(deployment.warnings, lowered.policy.warnings)
        return deployment.name, chosen[0], lowered.packets
    if not Path(arguments.directory, "manifest.json").is_file():
        return None
    from esacloud.terraform.reading import read_documents, read_identity

    documents, deviations = read_documents(arguments.directory)
    _refuse(arguments.directory, deviations)
    name, cloud = read_identity(arguments.directory, documents)
    if name is None or cloud not in clouds.CLOUDS:
        _refuse(arguments.directory, ("The module does not state its deployment and cloud.",))
    back = clouds.load(cloud).read_back(documents)
    _refuse(arguments.directory, back.deviations)
    return str(name), cloud, back.packets


def _refuse(directory: str, deviations: Sequence[str]) -> None:
    """Raise InputError for a module that differs from what esacloud wrote."""
    hint = "Run esacloud generate again, or give --deployment FILE."
    if deviations:
        raise InputError(*(Problem(Place(directory), message, hint) for message in deviations))


def _verify(runner: Runner, desired: tuple[str, str, Mapping[str, PacketSet]] | None) -> int:
    """Compare the state with the policy, and print the result."""
    if desired is None:
        print("Not verified: add --deployment FILE to compare the state with its policy.")
        return 0

    from esacloud import provider as clouds
    from esacloud.terraform.applied import state_deviations, state_packets

    name, cloud, packets = desired
    state = runner.show()
    found = clouds.load(cloud).inventory().read_groups(state)
    sentences = state_deviations(packets, state_packets(state, found, name))
    if sentences:
        print("\n".join(["Drift detected: the state differs from the policy:", *sentences]))
        return 1
    print(f"Verified: the groups of {name} in the state permit exactly the packets of the policy.")
    return 0
