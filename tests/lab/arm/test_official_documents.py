"""The emulator against Azure's own examples and schemas, which stand beside the checkout where they are at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.arm import LOCATION, interface, network, nsg, path, rule

from esacloud.lab.arm import ArmEmulator

SHARED = Path(os.environ.get("ESACLOUD_SHARED") or Path(__file__).parents[4] / "shared") / "data" / "azure"
SWAGGER = SHARED / "swagger-network-security-group-2025-05-01.json"

pytestmark = pytest.mark.skipif(not SWAGGER.exists(), reason=f"Azure's examples and schemas are not at {SHARED}")


def example(name: str) -> dict[str, Any]:
    return dict(json.loads((SHARED / "examples" / f"{name}.json").read_bytes()))


def emulator_for(parameters: dict[str, Any]) -> ArmEmulator:
    subscription, group = parameters["subscriptionId"], parameters["resourceGroupName"]
    return ArmEmulator(subscription=subscription, resource_groups={group: "westus"})


def settled(emulator: ArmEmulator, address: str) -> dict[str, Any]:
    """The resource once its operation has ended."""
    emulator.send("GET", address)
    return dict(emulator.send("GET", address).body)


def lacks(ours: Any, official: Any, where: str = "$") -> list[str]:
    """Where our answer does not say what the official example says. We may say more, as the service itself does."""
    if isinstance(official, dict):
        found = [] if isinstance(ours, dict) else [where]
        for key, value in official.items() if not found else ():
            found += lacks(ours[key], value, f"{where}.{key}") if key in ours else [f"{where}.{key}"]
        return found
    if isinstance(official, list):
        if not isinstance(ours, list) or len(ours) != len(official):
            return [where]
        return [one for index, item in enumerate(official) for one in lacks(ours[index], item, f"{where}[{index}]")]
    if where.endswith("resourceGuid"):
        return [] if isinstance(ours, str) and len(ours) == len(official) else [where]
    return [] if ours == official else [where]


def test_the_group_of_the_official_example_is_answered_as_there() -> None:
    official = example("NetworkSecurityGroupCreateWithRule")
    parameters = official["parameters"]
    with emulator_for(parameters) as emulator:
        address = path(
            "networkSecurityGroups",
            parameters["networkSecurityGroupName"],
            subscription=parameters["subscriptionId"],
            group=parameters["resourceGroupName"],
        )
        assert [emulator.send("PUT", address, parameters["parameters"]).status for _ in range(2)] == [201, 200]
        ours = settled(emulator, address)
    assert lacks(ours, official["responses"]["201"]["body"]) == []
    read = example("NetworkSecurityGroupGet")["responses"]["200"]["body"]
    assert lacks(_like(ours, read), read) == []


def _like(ours: dict[str, Any], official: dict[str, Any]) -> dict[str, Any]:
    """Ours with the subscription and the region of the other example."""
    text = json.dumps(ours).replace(ours["id"], official["id"])
    return {**json.loads(text), "location": official["location"]}


def test_the_rule_of_the_official_example_is_answered_as_there() -> None:
    official = example("NetworkSecurityGroupRuleCreate")
    parameters = official["parameters"]
    with emulator_for(parameters) as emulator:
        group = path(
            "networkSecurityGroups",
            parameters["networkSecurityGroupName"],
            subscription=parameters["subscriptionId"],
            group=parameters["resourceGroupName"],
        )
        emulator.send("PUT", group, {"location": "westus"})
        address = f"{group}/securityRules/{parameters['securityRuleName']}"
        assert emulator.send("PUT", address, parameters["securityRuleParameters"]).status == 201
        ours = settled(emulator, address)
    assert lacks(ours, official["responses"]["201"]["body"]) == []


def test_the_application_security_group_of_the_official_example_is_answered_as_there() -> None:
    official = example("ApplicationSecurityGroupCreate")
    parameters = official["parameters"]
    with emulator_for(parameters) as emulator:
        address = path(
            "applicationSecurityGroups",
            parameters["applicationSecurityGroupName"],
            subscription=parameters["subscriptionId"],
            group=parameters["resourceGroupName"],
        )
        assert emulator.send("PUT", address, parameters["parameters"]).status == 201
        ours = settled(emulator, address)
    assert lacks(ours, official["responses"]["201"]["body"]) == []


def strict(definition: str) -> jsonschema.Draft4Validator:
    """A validator for one definition of the official swagger, that takes no member which the definition does not have."""
    swagger = json.loads(SWAGGER.read_bytes())
    # Read-only members that the definitions leave out, or whose items they do not describe.
    for name, one in swagger["definitions"].items():
        if one.get("type") == "object" and not name.startswith("_") and "additionalProperties" not in one:
            one["additionalProperties"] = False
    swagger["definitions"]["ApplicationSecurityGroup"]["properties"]["properties"]["additionalProperties"] = False
    return jsonschema.Draft4Validator({"$ref": f"#/definitions/{definition}", "definitions": swagger["definitions"]})


def test_every_answer_is_valid_by_the_official_swagger(arm_emulator: ArmEmulator) -> None:
    asg, group = path("applicationSecurityGroups", "asg"), path("networkSecurityGroups", "nsg")
    subnet = path("virtualNetworks", "vnet/subnets/mail")
    strict("ApplicationSecurityGroup").validate(arm_emulator.send("PUT", asg, {"location": LOCATION}).body)
    body = nsg(
        rule("one", sourceAddressPrefix=None, sourceAddressPrefixes=["10.0.0.0/8", "192.0.2.1"], description="one"),
        rule("two", priority=101, sourceAddressPrefix=None, sourceApplicationSecurityGroups=[{"id": asg}]),
        tags={"a": "b"},
    )
    body["properties"]["flushConnection"] = True
    strict("NetworkSecurityGroup").validate(arm_emulator.send("PUT", group, body).body)
    arm_emulator.send("PUT", path("virtualNetworks", "vnet"), network(mail=group))
    arm_emulator.send("PUT", path("networkInterfaces", "nic"), interface(subnet, group=group, application_groups=(asg,)))
    read = arm_emulator.send("GET", group).body
    assert read["properties"]["subnets"]
    assert read["properties"]["networkInterfaces"]
    strict("NetworkSecurityGroup").validate(read)
    strict("NetworkSecurityGroupListResult").validate(arm_emulator.send("GET", path("networkSecurityGroups")).body)
    strict("SecurityRule").validate(arm_emulator.send("GET", f"{group}/securityRules/two").body)
    for kind in ("securityRules", "defaultSecurityRules"):
        strict("SecurityRuleListResult").validate(arm_emulator.send("GET", f"{group}/{kind}").body)
    strict("CloudError").validate(arm_emulator.send("DELETE", group).body)


def test_the_validator_that_the_other_tests_use_refuses_what_is_not_in_the_swagger() -> None:
    for wrong in ({"name": 1}, {"colour": "red"}, {"properties": {"access": "Allow"}}):
        assert list(strict("SecurityRule").iter_errors(wrong))


@pytest.mark.parametrize("operation", ["NetworkSecurityGroups", "SecurityRules"])
def test_writes_and_deletes_answer_with_the_statuses_of_the_swagger(arm_emulator: ArmEmulator, operation: str) -> None:
    operations = json.loads(SWAGGER.read_bytes())["operations"]
    group = path("networkSecurityGroups", "nsg")
    address, body = group, nsg()
    if operation == "SecurityRules":
        arm_emulator.send("PUT", group, nsg())
        address, body = f"{group}/securityRules/mail-in", {"properties": rule()["properties"]}
    written = {arm_emulator.send("PUT", address, body).status for _ in range(2)}
    assert written == set(operations[f"{operation}_CreateOrUpdate"]["responses"])
    deleted = {arm_emulator.send("DELETE", address).status for _ in range(2)}
    assert deleted == set(operations[f"{operation}_Delete"]["responses"]) - {200}


def test_what_the_tests_send_is_valid_by_the_official_schema_of_request_bodies() -> None:
    common = json.loads((SHARED / "arm-common-definitions.schema.json").read_bytes())
    schema = json.loads((SHARED / "arm-network-2025-07-01.schema.json").read_bytes())
    text = json.dumps(schema).replace(
        "https://schema.management.azure.com/schemas/common/definitions.json#/definitions/", "#/definitions/"
    )
    whole = json.loads(text)
    whole["definitions"] |= common["definitions"]
    validator = jsonschema.Draft4Validator(
        {**whole["resourceDefinitions"]["networkSecurityGroups"], "definitions": whole["definitions"]}
    )
    body = {
        **nsg(rule()),
        "name": "nsg",
        "type": "Microsoft.Network/networkSecurityGroups",
        "apiVersion": "2025-07-01",
    }
    validator.validate(body)
    body["properties"]["securityRules"][0]["properties"]["access"] = {"wrong": True}
    assert list(validator.iter_errors(body))
