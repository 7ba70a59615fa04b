"""Many calls of a reusable module in one root: one `module` block with for_each, because each block is loaded anew.

`evaluated` gives the values of its locals, which needs no provider.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support.terraform import need_terraform

from esacloud.modules.hcl import blocks

MODULES = Path(__file__).parents[2] / "modules"
NEED_A_PROVIDER = {"main.tf", "outputs.tf", "versions.tf"}


def calls(
    directory: Path, cloud: str, inputs: Mapping[str, Mapping[str, Any]], file: str = "inputs.json"
) -> dict[str, Any]:
    """The `module` block of a root that calls ./reusable with each of several inputs, by their names."""
    (directory / file).write_text(json.dumps(inputs), encoding="utf-8")
    variables = blocks((MODULES / cloud / "variables.tf").read_text(encoding="utf-8"))
    given = {variable.labels[0]: f"${{try(each.value.{variable.labels[0]}, null)}}" for variable in variables}
    return {"source": "./reusable", "for_each": f'${{jsondecode(file("${{path.module}}/{file}"))}}', **given}


def evaluated(
    directory: Path, cloud: str, inputs: Mapping[str, Mapping[str, Any]], names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """The named locals of the cloud's module for each of several inputs, by their names."""
    program = need_terraform()
    module = directory / "reusable"
    module.mkdir()
    for file in [*(MODULES / cloud).glob("*.tf"), MODULES / cloud / "catalogue.tf.json"]:
        if file.name not in NEED_A_PROVIDER:
            shutil.copy(file, module)
    outputs = {"output": {name: {"value": f"${{local.{name}}}"} for name in names}}
    (module / "outputs.tf.json").write_text(json.dumps(outputs), encoding="utf-8")
    root = {
        "module": {"reusable": calls(directory, cloud, inputs)},
        "output": {name: {"value": f'${{module.reusable["{name}"]}}'} for name in inputs},
    }
    (directory / "main.tf.json").write_text(json.dumps(root), encoding="utf-8")
    environment = {**os.environ, "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
    environment.pop("TF_CLI_CONFIG_FILE", None)
    for words in (("init",), ("apply", "-auto-approve", "-no-color"), ("output", "-json")):
        done = subprocess.run(
            [program, *words], cwd=directory, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return {name: output["value"] for name, output in json.loads(done.stdout).items()}
