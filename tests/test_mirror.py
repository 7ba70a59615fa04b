"""The tests mirror the package: `tests/ROOM/test_x.py` is about `esacloud/ROOM/x.py` or the folder `esacloud/ROOM/x`.

What is about more than one module, or about something else, is listed here with the reason.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
ELSEWHERE = {
    "benchmarks": "tests of benchmarks/, which stands beside the package",
    "explore": "a program that tries every interleaving of two changes, with its own tests",
}
EXCEPTIONS = {
    "a page or a file of the repository": (
        "test_constraints",
        "test_contributing",
        "test_hooks",
        "test_mirror",
        "test_readme",
        "test_words",
        "deployment/test_bad_files",
        "deployment/test_examples",
        "deployment/test_page",
        "guardrails/test_page",
        "modules/test_ci_recipes",
        "modules/test_files",
    ),
    "the whole package, with another appliance or another cloud": ("test_another_appliance", "test_another_cloud"),
    "whole modules, compared or started by terraform": (
        "audit/test_real_terraform",
        "audit/test_real_terraform_azure",
        "azure/terraform/test_stub_schema",
        "azure/test_both_clouds",
        "azure/test_golden",
        "azure/test_network_interface_associations",
        "azure/test_real_terraform",
        "hostnames/test_real_terraform",
        "terraform/test_golden",
        "terraform/test_real_terraform",
    ),
    "modules/, which is HCL: what it refuses and makes": (
        "modules/test_aws_terraform",
        "modules/test_azure_terraform",
        "modules/test_guardrails",
        "modules/test_refusals",
        "modules/test_rules_table",
    ),
    "the way of a change through a room: faults, kills, lag, others at work": (
        "aws/live/test_faults",
        "aws/live/test_full_group",
        "aws/live/test_invariant",
        "aws/live/test_kill",
        "aws/live/test_second_look",
        "azure/live/test_creates",
        "azure/live/test_faults",
        "azure/live/test_invariant",
        "azure/live/test_kill",
        "azure/live/test_lag",
        "azure/live/test_states",
    ),
    "the shipped catalogue, its data and not its code": ("catalogue/test_seed", "catalogue/test_shipped"),
    "a behaviour that several modules of a room have": (
        "azure/test_bad_input",
        "azure/test_names_and_descriptions",
        "cli/test_live",
        "cli/test_timeout",
        "guardrails/test_false_alarms",
        "hostnames/test_filtered",
        "lab/arm/test_associations",
        "lab/arm/test_conditions",
        "lab/arm/test_gate",
        "lab/arm/test_lab_lag",
        "lab/arm/test_official_documents",
        "lab/arm/test_refusals",
    ),
}


def unmatched() -> set[str]:
    """Test files below tests/, without .py, that have neither a module nor a folder of that name in the package."""
    found = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        path = file.relative_to(ROOT / "tests").with_suffix("")
        subject = ROOT / "esacloud" / path.parent / path.name.removeprefix("test_")
        if path.parts[0] not in ELSEWHERE and not subject.with_suffix(".py").is_file() and not subject.is_dir():
            found.add(path.as_posix())
    return found


def test_every_test_file_is_about_a_module_of_its_name_or_is_listed_with_a_reason() -> None:
    listed = [path for paths in EXCEPTIONS.values() for path in paths]
    assert len(listed) == len(set(listed))
    assert unmatched() == set(listed)


def test_every_folder_of_tests_is_a_folder_of_the_package() -> None:
    folders = {file.parent.relative_to(ROOT / "tests") for file in (ROOT / "tests").rglob("test_*.py")}
    rooms = [folder for folder in folders if folder.parts and folder.parts[0] not in ELSEWHERE]
    assert [str(folder) for folder in rooms if not (ROOT / "esacloud" / folder).is_dir()] == []
