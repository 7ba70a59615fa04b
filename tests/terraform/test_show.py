"""Resources out of `terraform show -json`."""

from __future__ import annotations

from typing import Any

import pytest

from esacloud.terraform.show import resources

GROUP, RULE = "aws_security_group.this", "aws_vpc_security_group_ingress_rule.this"


def plan(path: str) -> dict[str, Any]:
    """A plan of one rule in the module `gateway`, called under `path`, whose configuration mentions a group beside it."""
    rule = {"address": f'{path}.{RULE}["a"]', "type": RULE.split(".")[0], "name": "this", "index": "a", "values": {}}
    expressions = {"security_group_id": {"references": [f"{GROUP}.id", GROUP]}}
    module = {"resources": [{"address": RULE, "expressions": expressions}]}
    return {
        "planned_values": {"root_module": {"child_modules": [{"address": path, "resources": [rule]}]}},
        "configuration": {"root_module": {"module_calls": {"gateway": {"module": module}}}},
    }


@pytest.mark.parametrize("path", ["module.gateway", 'module.gateway["one"]', 'module.gateway["a.b"]', "module.gateway[0]"])
def test_a_reference_is_to_the_instance_of_the_module_that_the_resource_is_in(path: str) -> None:
    (rule,) = resources(plan(path))
    assert rule.references == {"security_group_id": (f"{path}.{GROUP}.id", f"{path}.{GROUP}")}
