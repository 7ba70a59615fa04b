"""The modules that are committed are current and formatted, and `esacloud modules` writes and checks them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from support.catalogues import SMALL
from support.command import esacloud
from support.terraform import need_terraform

from esacloud.azure.model import PUBLIC_ADDRESS_SPACES
from esacloud.catalogue.load import load
from esacloud.modules.hcl import blocks
from esacloud.modules.table import catalogue_document, not_public
from esacloud.modules.write import all_files, module_files, stale
from esacloud.provider import CLOUDS

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "modules"
LONGEST_LINE = 112


def test_the_committed_modules_are_current() -> None:
    assert list(stale(str(MODULES), all_files(load()))) == [], "run: esacloud modules --force"


@pytest.mark.real
def test_the_hcl_is_as_terraform_formats_it() -> None:
    done = subprocess.run([need_terraform(), "fmt", "-check", "-recursive", str(MODULES)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    "file", sorted(MODULES.glob("*/*.hcl")) + sorted(MODULES.glob("*/*.tf")), ids=lambda file: file.name
)
def test_no_line_of_the_hcl_needs_scrolling(file: Path) -> None:
    assert [line for line in file.read_text(encoding="utf-8").splitlines() if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("name", ["flows.tf", "checks.tf"])
def test_what_the_clouds_share_is_the_same_file(name: str) -> None:
    assert (MODULES / "aws" / name).read_text(encoding="utf-8") == (MODULES / "azure" / name).read_text(encoding="utf-8")


def test_a_file_that_is_missing_changed_or_too_many_is_named(tmp_path: Path) -> None:
    out = tmp_path / "modules"
    assert esacloud("modules", "--out", out).code == 0
    assert esacloud("modules", "--out", out, "--check").code == 0
    (out / "aws/outputs.tf").unlink()
    (out / "azure/README.md").write_text("mine")
    (out / "aws/mine.tf").write_text("")
    checked = esacloud("modules", "--out", out, "--check")
    assert checked.code == 1
    assert checked.out.splitlines() == [
        "aws/outputs.tf is missing.",
        "aws/mine.tf is not a file of esacloud, and terraform reads it.",
        "azure/README.md is not what this version of esacloud writes.",
    ]


def test_writing_again_writes_nothing(tmp_path: Path) -> None:
    esacloud("modules", "--out", tmp_path)
    again = esacloud("modules", "--out", tmp_path)
    assert again.code == 0
    assert "0 of them written" in again.out


@pytest.mark.parametrize("name", ["README.md", "network.tf", "notes.txt"])
def test_a_directory_with_a_file_of_somebody_else_is_not_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws" / name).write_text("mine")
    written = esacloud("modules", "--out", tmp_path)
    assert written.code == 2
    assert f"{name} was not written by esacloud" in written.err
    assert [path.name for path in (tmp_path / "aws").iterdir()] == [name]
    assert (tmp_path / "aws" / name).read_text() == "mine"


def test_a_file_that_was_edited_is_only_replaced_with_force(tmp_path: Path) -> None:
    esacloud("modules", "--out", tmp_path)
    main = tmp_path / "aws" / "main.tf"
    main.write_text("# mine\n")
    assert esacloud("modules", "--out", tmp_path).code == 2
    assert main.read_text() == "# mine\n"
    assert esacloud("modules", "--out", tmp_path, "--force").code == 0
    assert main.read_text() == (MODULES / "aws" / "main.tf").read_text()


def test_files_of_terraform_beside_the_module_stay(tmp_path: Path) -> None:
    esacloud("modules", "--out", tmp_path)
    (tmp_path / "aws" / ".terraform").mkdir()
    (tmp_path / "aws" / "gateway.auto.tfvars").write_text("")
    assert esacloud("modules", "--out", tmp_path).code == 0
    assert (tmp_path / "aws" / "gateway.auto.tfvars").exists()


def test_reusable_and_generated_modules_do_not_replace_each_other(tmp_path: Path) -> None:
    small = ROOT / "examples" / "small.yaml"
    assert esacloud("generate", small, "--out", tmp_path / "aws").code == 0
    assert "is that of a deployment file's module" in esacloud("modules", "--out", tmp_path).err
    assert esacloud("verify", small, tmp_path / "aws").code == 0
    assert esacloud("modules", "--out", tmp_path / "reusable").code == 0
    generated = esacloud("generate", small, "--out", tmp_path / "reusable" / "aws", "--force")
    assert (generated.code, "is that of a reusable module" in generated.err) == (2, True)


def test_a_path_that_is_no_directory_is_an_error_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "modules").write_text("a file stands here")
    written = esacloud("modules", "--out", tmp_path / "modules")
    assert written.code == 2
    assert "directory" in written.err


def test_a_catalogue_with_another_protocol_than_tcp_and_udp_makes_no_module() -> None:
    with pytest.raises(ValueError, match="the reusable modules know tcp and udp alone"):
        module_files(load(str(SMALL)), "aws")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_example_of_the_readme_is_the_one_that_the_tests_apply(cloud: str) -> None:
    readme = (MODULES / cloud / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```hcl\n(.*?)\n```", readme, re.DOTALL)
    applied = example.replace(f'"./modules/{cloud}"', f'"../../../modules/{cloud}"')
    assert applied in (ROOT / "examples/terraform" / cloud / "main.tf").read_text(encoding="utf-8")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_readme_names_every_input_output_feature_and_role(cloud: str) -> None:
    files = module_files(load(), cloud)
    for kind, anchor in (("variable", "input"), ("output", "output")):
        names = re.findall(rf'^{kind} "(\w+)"', files[f"{kind}s.tf"], re.MULTILINE)
        assert names
        assert all(f'<a name="{anchor}_{name}"></a>' in files["README.md"] for name in names)
    for name in (*load().features, *load().roles):
        assert f"| `{name}` |" in files["README.md"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_resource_is_made_by_count_and_every_group_is_created_before_it_is_destroyed(cloud: str) -> None:
    resources = [block for block in blocks(module_files(load(), cloud)["main.tf"]) if block.kind == "resource"]
    assert resources
    assert all("  for_each" in block.body and "  count " not in block.body for block in resources)
    made = [block for block in resources if not block.labels[0].endswith("_association")]
    assert all("create_before_destroy = true" in block.body for block in made)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_variable_and_output_has_a_description(cloud: str) -> None:
    files = module_files(load(), cloud)
    for block in (*blocks(files["variables.tf"]), *blocks(files["outputs.tf"])):
        assert block.text("description").endswith((".", "}}."))


def test_service_tags_for_public_addresses_are_those_of_the_guardrails() -> None:
    tags = sorted(f"tag-{space.partition(':')[2]}" for space in PUBLIC_ADDRESS_SPACES)
    assert f"public_references = {tags}".replace("'", '"') in (MODULES / "azure/peers.tf").read_text(encoding="utf-8")


def test_guardrails_that_refuse_an_entry_are_found_by_asking_them() -> None:
    entries = catalogue_document(load())["locals"]["entries"]
    assert entries["cli-ssh"]["guardrails"]["ingress"] == ["ESA001"]
    assert entries["spam-quarantine-https"]["guardrails"]["ingress"] == ["ESA004"]
    assert entries["central-policy-quarantine"]["guardrails"]["egress"] == ["ESA005"]
    assert entries["dns"]["guardrails"] == {"ingress": [], "egress": [], "ingress_any": [], "egress_any": []}


def test_the_private_networks_are_those_of_the_registry_joined() -> None:
    found = {str(network) for network in not_public()}
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"} <= found
    assert "224.0.0.0/3" in found  # multicast and reserved touch: one block holds what lies across both
