"""Plans and states with azurerm: which groups count together, and what is listed where it is unknown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.described import network_security_group

from esacloud.audit.assignment import Attachments, attachments
from esacloud.audit.sources import read_files
from esacloud.azure.inventory.read import read_groups

BASE = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network"
FRONT = f"{BASE}/virtualNetworks/mail/subnets/front"
ON_INTERFACE = "azurerm_network_interface_security_group_association"
ON_SUBNET = "azurerm_subnet_network_security_group_association"
GROUP, NIC, SUBNET = "azurerm_network_security_group", "azurerm_network_interface", "azurerm_subnet"
BY_ITSELF = "known after apply; its group is judged separately"


def shown(*resources: dict[str, Any], plan: dict[str, Any] | None = None) -> dict[str, Any]:
    """What `terraform show -json` prints of a state, or of a plan with what is given."""
    key = "values" if plan is None else "planned_values"
    made = {"format_version": "1.2", "terraform_version": "1.11.4", key: {"root_module": {"resources": list(resources)}}}
    return {**made, **(plan or {})}


def one(address: str, name: str = "", **values: Any) -> dict[str, Any]:
    """A resource; with a name it also has an id."""
    kind = re.findall(r"azurerm_\w+", address)[0]
    part = {GROUP: "networkSecurityGroups", NIC: "networkInterfaces", SUBNET: "virtualNetworks/mail/subnets"}.get(
        kind, kind
    )
    if name:
        values |= {"name": name, "id": f"{BASE}/{part}/{name}"}
    made: dict[str, Any] = {"address": address, "mode": "managed", "type": kind, "values": values}
    if address.endswith("]"):
        made["index"] = json.loads(address[address.rindex("[") + 1 : -1])
    return made


def association(address: str, **ends: str) -> dict[str, Any]:
    return one(address, **{f"{end}_id": value for end, value in ends.items()})


def carried(document: Any) -> Attachments:
    found = read_groups(document)
    assert found is not None
    on = attachments(found)
    return Attachments(on.groups, (*found.unknown, *on.unknown), on.notes)


def in_subnet(*places: str) -> dict[str, Any]:
    return {"ip_configuration": [{"name": place, "subnet_id": place} for place in places]}


APPLIED = (
    one(f"{GROUP}.nic", "on-nic"),
    one(f"{GROUP}.subnet", "on-subnet"),
    one(f"{NIC}.mail", "mail", **in_subnet(FRONT.replace("front", "FRONT"))),
    association(
        f"{ON_INTERFACE}.a",
        network_interface=f"{BASE}/NETWORKINTERFACES/mail",
        network_security_group=f"{BASE}/networkSecurityGroups/ON-NIC",
    ),
    association(f"{ON_SUBNET}.a", subnet=FRONT, network_security_group=f"{BASE}/networkSecurityGroups/on-subnet"),
)
MAIL = f"{BASE}/networkInterfaces/mail"


def test_the_group_of_a_network_interface_and_that_of_its_subnet_count_together_whatever_the_case_of_their_ids() -> None:
    assert carried(shown(*APPLIED)) == ({MAIL: (f"{GROUP}.nic", f"{GROUP}.subnet")}, (), ())


def test_a_subnets_group_counts_for_network_interfaces_in_it_alone() -> None:
    other = one(f"{NIC}.other", "other", **in_subnet(FRONT))
    apart = one(f"{NIC}.apart", "apart", **in_subnet(f"{FRONT}-2"))
    found = carried(shown(*APPLIED, other, apart, one(f"{SUBNET}.two", "front-2")))
    assert found.groups == {
        MAIL: (f"{GROUP}.nic", f"{GROUP}.subnet"),
        f"{BASE}/networkInterfaces/other": (f"{GROUP}.subnet",),
    }
    assert found.notes == (
        f"{BASE}/networkInterfaces/apart: the network interface and its subnet have no group; nothing filters its packets",
    )


@pytest.mark.parametrize("without", [ON_SUBNET, ON_INTERFACE])
def test_a_group_without_an_association_is_on_nothing(without: str) -> None:
    found = carried(shown(*(item for item in APPLIED if item["type"] != without), one(f"{SUBNET}.front", "front")))
    assert found.groups == {MAIL: (f"{GROUP}.nic" if without == ON_SUBNET else f"{GROUP}.subnet",)}
    assert found.unknown == ()


def test_a_subnet_that_is_not_there_is_listed() -> None:
    found = carried(shown(*APPLIED[:4]))
    assert found.groups == {MAIL: (f"{GROUP}.nic",)}
    (message,) = found.unknown
    assert "the group of its subnet" in message


def test_a_network_interface_that_is_not_there_gets_a_note() -> None:
    found = carried(shown(APPLIED[0], *APPLIED[3:4]))
    assert found.groups == {f"{BASE}/NETWORKINTERFACES/mail": (f"{GROUP}.nic",)}
    assert found.unknown == ()
    (note,) = found.notes
    assert "the source does not name its subnet" in note


def test_a_group_that_is_not_there_is_listed() -> None:
    found = carried(shown(*APPLIED[1:]))
    assert found.groups == {MAIL: (f"{GROUP}.subnet",)}
    (message,) = found.unknown
    assert "networkSecurityGroups/ON-NIC is attached and was not read" in message


def test_a_subnet_may_say_its_group_itself_as_a_virtual_network_may() -> None:
    group = f"{BASE}/networkSecurityGroups/on-subnet"
    subnet = one(f"{SUBNET}.front", "front", network_security_group_id=group)
    network = one("azurerm_virtual_network.mail", subnet=[{"id": FRONT, "name": "front", "security_group": group}])
    for place in (subnet, network):
        assert carried(shown(*APPLIED[:4], place)) == carried(shown(*APPLIED))


def test_a_data_source_says_the_group_of_a_subnet_that_others_made() -> None:
    subnet = one(f"data.{SUBNET}.front", "front", network_security_group_id=f"{BASE}/networkSecurityGroups/on-subnet")
    subnet["mode"] = "data"
    before = {"values": {"root_module": {"child_modules": [{"address": "module.a", "resources": [subnet]}]}}}
    for document in (shown(*APPLIED[:4], subnet), shown(*APPLIED[:4], plan={"prior_state": before})):
        assert carried(document) == carried(shown(*APPLIED))


def test_an_association_comes_before_what_a_subnet_says_of_itself() -> None:
    stale = one(f"{SUBNET}.front", "front", network_security_group_id=f"{BASE}/networkSecurityGroups/on-nic")
    assert carried(shown(*APPLIED, stale)) == carried(shown(*APPLIED))


def test_what_a_subnet_says_of_itself_does_not_outlive_its_association() -> None:
    group = f"{BASE}/networkSecurityGroups/on-subnet"
    subnet = one(f"{SUBNET}.front", "front", network_security_group_id=group)
    network = one("azurerm_virtual_network.mail", subnet=[{"id": FRONT, "name": "front", "security_group": group}])
    change = {"type": ON_SUBNET, "address": "a", "change": {"actions": ["delete"], "before": {"subnet_id": FRONT}}}
    for place in (subnet, network):
        found = carried(shown(*APPLIED[:4], place, plan={"resource_changes": [change]}))
        assert found == ({MAIL: (f"{GROUP}.nic",)}, (), ())


def test_two_groups_on_one_subnet_are_listed_and_neither_is_counted_there() -> None:
    more = association(f"{ON_SUBNET}.b", subnet=FRONT, network_security_group=f"{BASE}/networkSecurityGroups/on-nic")
    found = carried(shown(*APPLIED, more))
    assert found.groups == {MAIL: (f"{GROUP}.nic",)}
    assert found.unknown[0] == f"{FRONT}: 2 groups are attached, and only one can be: {GROUP}.subnet, {GROUP}.nic"


def test_files_of_the_cloud_beside_a_plan_say_which_subnets_its_network_interfaces_are_in(tmp_path: Path) -> None:
    cloud = [
        {"id": MAIL, "type": "Microsoft.Network/networkInterfaces", "ipConfigurations": [{"subnet": {"id": FRONT}}]},
        {
            "id": FRONT,
            "type": "Microsoft.Network/virtualNetworks/subnets",
            "networkSecurityGroup": {"id": f"{BASE}/networkSecurityGroups/around"},
        },
        network_security_group("around"),
    ]
    for name, document in (("plan", shown(*APPLIED[:1], APPLIED[3], plan={})), ("cloud", cloud)):
        (tmp_path / name).write_text(json.dumps(document))
    both = {f"{GROUP}.nic", f"{BASE}/networkSecurityGroups/around"}
    for order in (("plan", "cloud"), ("cloud", "plan")):
        found = attachments(read_files([str(tmp_path / name) for name in order]))
        ((_, ids),) = found.groups.items()
        assert (set(ids), found.unknown, found.notes) == (both, (), ())


# Plans, in which ids are known only after apply


def planned(
    resources: dict[str, dict[str, Any]], configuration: dict[str, dict[str, Any]], unknown: dict[str, Any] | None = None
) -> Attachments:
    """What a plan says: address -> values, configuration's address -> argument -> references, as terraform writes them."""
    written = [
        {
            "address": address,
            "expressions": {name: _expression(value) for name, value in arguments.items() if name != "for_each"},
            **({"for_each_expression": {"references": arguments["for_each"]}} if "for_each" in arguments else {}),
        }
        for address, arguments in configuration.items()
    ]
    changes = [
        {"address": address, "change": {"after_unknown": {"id": True, **(unknown or {}).get(address, {})}}}
        for address in resources
    ]
    made = [one(address, **values) for address, values in resources.items()]
    plan = {"resource_changes": changes, "configuration": {"root_module": {"resources": written}}}
    return carried(shown(*made, plan=plan))


def _expression(value: Any) -> Any:
    if value and isinstance(value[0], dict):
        return [{name: _expression(inside) for name, inside in block.items()} for block in value]
    return {"references": value}


def named(address: str) -> list[str]:
    """The references of `ADDRESS.id`."""
    keyless = [address.partition("[")[0]] if "[" in address else []
    return [f"{address}.id", address, *keyless]


def on_interface(interface: list[str], group: list[str] | None = None, **more: list[str]) -> dict[str, Any]:
    return {"network_interface_id": interface, "network_security_group_id": group or named(f"{GROUP}.nic"), **more}


NEW_SUBNET = {"ip_configuration": [{"subnet_id": True}]}


def test_references_tell_what_is_on_what_before_anything_has_an_id() -> None:
    found = planned(
        {
            f"{GROUP}.nic": {"name": "a"},
            f"{GROUP}.subnet": {"name": "b"},
            f"{NIC}.mail": {"ip_configuration": [{"name": "one"}]},
            f'{SUBNET}.all["front"]': {},
            f'{SUBNET}.all["back"]': {},
            f"{ON_INTERFACE}.a": {},
            f"{ON_SUBNET}.a": {},
        },
        {
            f"{NIC}.mail": {"ip_configuration": [{"subnet_id": named(f'{SUBNET}.all["front"]')}]},
            f"{ON_INTERFACE}.a": on_interface(named(f"{NIC}.mail")),
            f"{ON_SUBNET}.a": {
                "subnet_id": named(f'{SUBNET}.all["front"]'),
                "network_security_group_id": named(f"{GROUP}.subnet"),
            },
        },
        {f"{NIC}.mail": NEW_SUBNET},
    )
    assert found == ({f"{NIC}.mail": (f"{GROUP}.nic", f"{GROUP}.subnet")}, (), ())


ATTACHMENTS = [f'{NIC}.all["a"]', f'{NIC}.all["b"]']


@pytest.mark.parametrize("ids", [[f"{NIC}.all", "each.key"], ["each.value.id", "each.value"]])
@pytest.mark.parametrize("associations", [1, 2])
def test_instances_of_which_all_get_one_group_need_not_be_distinguished(ids: list[str], associations: int) -> None:
    made = [f'{ON_INTERFACE}.all["{key}"]' for key in "ab"[:associations]]
    found = planned(
        {address: {} for address in (f"{GROUP}.nic", *ATTACHMENTS, *made)},
        {f"{ON_INTERFACE}.all": on_interface(ids, for_each=[f"{NIC}.all"])},
    )
    if associations == 2:
        assert found.groups == dict.fromkeys(ATTACHMENTS, (f"{GROUP}.nic",))
        assert found.unknown == ()
    else:
        assert found.groups == {}
        assert found.unknown == (f"{made[0]}.network_interface_id: {BY_ITSELF}",)


def test_one_more_instance_can_only_be_the_one_that_has_no_group_yet() -> None:
    ids = {f"{BASE}/networkInterfaces/a": f'{ON_INTERFACE}.all["a"]'}
    group = f"{BASE}/networkSecurityGroups/nic"
    found = planned(
        {
            f"{GROUP}.nic": {"id": group},
            ATTACHMENTS[0]: {"id": next(iter(ids))},
            ATTACHMENTS[1]: {},
            f'{ON_INTERFACE}.all["a"]': {"network_interface_id": next(iter(ids)), "network_security_group_id": group},
            f'{ON_INTERFACE}.all["b"]': {"network_security_group_id": group},
        },
        {f"{ON_INTERFACE}.all": on_interface([f"{NIC}.all", "each.key"])},
    )
    assert found.groups == {next(iter(ids)): (f"{GROUP}.nic",), ATTACHMENTS[1]: (f"{GROUP}.nic",)}
    assert found.unknown == ()


def test_instances_with_groups_of_their_own_are_not_distinguished_by_each_key() -> None:
    made = [f'{kind}.all["{key}"]' for kind in (GROUP, NIC, ON_INTERFACE) for key in "ab"]
    ids = on_interface([f"{NIC}.all", "each.key"], [f"{GROUP}.all", "each.key"])
    found = planned({address: {} for address in made}, {f"{ON_INTERFACE}.all": ids})
    assert found.groups == {}
    assert len(found.unknown) == 4


@pytest.mark.parametrize(
    "mentions",
    [
        ["local.interfaces"],
        ["data.azurerm_network_interface.x.id", "data.azurerm_network_interface.x"],
        ["azurerm_private_endpoint.x.network_interface[0].id", "azurerm_private_endpoint.x.network_interface[0]"],
        ["each.value"],
        ["module.gone.id", "module.gone"],
        [*named(f"{NIC}.all"), "local.other"],
        [*named(f'{NIC}.all["a"]'), f"{NIC}.all", "each.key"],
        [],
    ],
)
def test_what_a_reference_does_not_settle_is_listed(mentions: list[str]) -> None:
    found = planned(
        {address: {} for address in (f"{GROUP}.nic", *ATTACHMENTS, f"{ON_INTERFACE}.a")},
        {f"{ON_INTERFACE}.a": on_interface(mentions)},
    )
    assert found == ({}, (f"{ON_INTERFACE}.a.network_interface_id: {BY_ITSELF}",), ())


def test_a_group_that_is_known_only_after_apply_is_listed_and_its_interface_is_not_called_open() -> None:
    found = planned(
        {address: {} for address in (f"{GROUP}.nic", f"{NIC}.mail", f"{ON_INTERFACE}.a")},
        {f"{ON_INTERFACE}.a": on_interface(named(f"{NIC}.mail"), ["local.group"])},
    )
    message = "known after apply; what that group denies is not counted"
    assert found == ({}, (f"{ON_INTERFACE}.a.network_security_group_id: {message}",), ())


@pytest.mark.parametrize(
    ("blocks", "place"),
    [
        ([{"subnet_id": ["local.subnet"]}], f"{NIC}.mail.ip_configuration[0].subnet_id"),
        ([], f"{NIC}.mail.ip_configuration[0].subnet_id"),  # a dynamic block, of which the configuration says nothing
        ([{"subnet_id": named(f"{SUBNET}.front")}] * 2, f"{NIC}.mail.ip_configuration[0].subnet_id"),
    ],
)
def test_a_subnet_that_is_known_only_after_apply_is_listed(blocks: list[dict[str, Any]], place: str) -> None:
    found = planned(
        {
            **{address: {} for address in (f"{GROUP}.nic", f"{SUBNET}.front", f"{ON_INTERFACE}.a")},
            f"{NIC}.mail": {"ip_configuration": [{"name": "one"}]},
        },
        {f"{NIC}.mail": {"ip_configuration": blocks}, f"{ON_INTERFACE}.a": on_interface(named(f"{NIC}.mail"))},
        {f"{NIC}.mail": NEW_SUBNET},
    )
    assert found.groups == {f"{NIC}.mail": (f"{GROUP}.nic",)}
    assert found.unknown == (f"{NIC}.mail: the group of its subnet {place} is unknown; what it denies is not counted",)


def test_blocks_that_are_known_only_after_apply_are_listed_as_a_whole() -> None:
    found = planned(
        {address: {} for address in (f"{GROUP}.nic", f"{NIC}.mail", f"{ON_INTERFACE}.a")},
        {f"{ON_INTERFACE}.a": on_interface(named(f"{NIC}.mail"))},
        {f"{NIC}.mail": {"ip_configuration": True}},
    )
    (message,) = found.unknown
    assert f"its subnet {NIC}.mail.ip_configuration is unknown;" in message


@pytest.mark.parametrize(("written", "known"), [(named(f"{GROUP}.nic"), True), (["local.group"], False)])
def test_a_subnet_that_is_given_its_group_in_secret_is_found_by_what_is_written(written: list[str], known: bool) -> None:
    found = planned(
        {f"{GROUP}.nic": {}, f"{SUBNET}.front": {}, f"{NIC}.mail": {"ip_configuration": [{"name": "one"}]}},
        {
            f"{SUBNET}.front": {"network_security_group_id_wo": written},
            f"{NIC}.mail": {"ip_configuration": [{"subnet_id": named(f"{SUBNET}.front")}]},
        },
        {f"{NIC}.mail": NEW_SUBNET},
    )
    assert found.groups == ({f"{NIC}.mail": (f"{GROUP}.nic",)} if known else {})
    assert bool(found.unknown) != known


def test_each_instance_of_a_module_has_its_own() -> None:
    nested: dict[str, Any] = {"resources": [], "child_modules": []}
    for key in ("north.1", "south"):
        path = f'module.site["{key}"]'
        made = [one(f"{path}.{message}") for message in (f"{GROUP}.nic", f"{NIC}.mail", f"{ON_INTERFACE}.a")]
        nested["child_modules"].append({"address": path, "resources": made})
    written = {"address": f"{ON_INTERFACE}.a", "expressions": _expression([on_interface(named(f"{NIC}.mail"))])[0]}
    document = shown(
        plan={
            "planned_values": {"root_module": nested},
            "configuration": {"root_module": {"module_calls": {"site": {"module": {"resources": [written]}}}}},
        }
    )
    paths = [f'module.site["{key}"]' for key in ("north.1", "south")]
    assert carried(document) == ({f"{path}.{NIC}.mail": (f"{path}.{GROUP}.nic",) for path in paths}, (), ())


@pytest.mark.parametrize(
    "deviation", [None, 5, "x", [5, None], {"a": 1}, [{"change": 5}], [{"type": ON_SUBNET, "change": 5}]]
)
def test_odd_documents_are_read_without_an_exception(deviation: Any) -> None:
    resources = [
        one(f"{GROUP}.nic"),
        one(f"{NIC}.mail", ip_configuration=deviation),
        one(f"{SUBNET}.front", network_security_group_id=deviation),
        one("azurerm_virtual_network.mail", subnet=deviation),
        one(f"{ON_INTERFACE}.a", network_interface_id=deviation),
        one(f"{ON_SUBNET}.a", subnet_id=[deviation]),
    ]
    for configuration in (
        deviation,
        {"root_module": deviation},
        {"root_module": {"resources": deviation, "module_calls": deviation}},
    ):
        assert read_groups(shown(*resources, plan={"configuration": configuration})) is not None
    assert (
        read_groups(shown(*resources, plan={"resource_changes": deviation if isinstance(deviation, list) else []}))
        is not None
    )
