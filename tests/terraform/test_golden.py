"""Whole modules, byte for byte. `pytest tests/terraform/test_golden.py --update-golden` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from esacloud.workflow import generate, read_deployment

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.parent for path in GOLDEN.glob("*/deployment.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_module_has_exactly_the_bytes_of_the_golden_one(case: Path, update_golden: bool) -> None:
    module = generate(read_deployment(str(case / "deployment.yaml")), "aws")
    folder = case / "module"
    if update_golden:
        folder.mkdir(exist_ok=True)
        for name, text in module.files.items():
            (folder / name).write_text(text, encoding="utf-8")
    assert sorted(path.name for path in folder.iterdir()) == sorted(module.files)
    for name, text in module.files.items():
        assert (folder / name).read_bytes().decode() == text, name


def test_the_cases_cover_every_kind_of_remote_and_a_split_interface() -> None:
    rules = "".join((case / "module" / "main.tf.json").read_text(encoding="utf-8") for case in CASES)
    for attribute in (
        *("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id", "referenced_group"),
        '"management-2"',
    ):
        assert attribute in rules.replace("${try(each.value.", ""), attribute
