"""Whose a group is when tags were copied, taken off or left behind: nothing of a stranger's is changed or attached."""

from __future__ import annotations

from typing import Any

import pytest
from support import arm as bodies
from support.live_azure import NIC, NIC2, SUBNET2, LiveAzure, attach, new_name, rule, text

from esacloud.change.execute import ChangeFailedError
from esacloud.errors import InputError
from esacloud.report.text.plan import plan_text

CLUSTER = "mail, dns, cluster"
MADE = {"esacloud:made-by": "esacloud apply"}


def tags_of(name: str, interface: str = "data1", **more: str) -> dict[str, str]:
    return {"esacloud:deployment": name, "esacloud:interface": interface, **more}


def put(azure: LiveAzure, title: str, tags: dict[str, str], *rules: dict[str, Any]) -> str:
    """Somebody else makes a group."""
    path = bodies.path("networkSecurityGroups", title)
    azure.send("PUT", path, bodies.nsg(*rules, tags=tags))
    return path


def retag(azure: LiveAzure, path: str, **changes: str | None) -> None:
    """Somebody changes the tags of a group; None takes one off. Underscores stand for what Python cannot write."""
    document = azure.document(path)
    assert document is not None
    tags = {**document["tags"], **{key.replace("_", ":", 1).replace("_", "-"): value for key, value in changes.items()}}
    kept = {key: value for key, value in tags.items() if value is not None}
    azure.send("PATCH", path, {"tags": kept})


@pytest.mark.parametrize("more", [{}, MADE, {"esacloud:adopted": "gateway"}])
@pytest.mark.parametrize("deployed", [False, True], ids=["alone", "beside ours"])
def test_a_stranger_with_our_tags_is_refused_by_name_and_nothing_of_its_is_touched(
    azure: LiveAzure, more: dict[str, str], deployed: bool
) -> None:
    name = new_name()
    file = text(name, interfaces=attach(NIC))
    if deployed:
        azure.apply(file)
    web = put(azure, "a-web", tags_of(name, **more), rule())  # sorts before ours
    azure.send("PUT", NIC2, bodies.interface(SUBNET2, group=web))
    before = azure.picture()
    for go in (azure.plan, azure.apply, azure.destroy):
        with pytest.raises(InputError, match="a-web has the tags of the group of data1") as refused:
            go(file)
        message = str(refused.value)
        assert "Remove the tag esacloud:deployment from a-web" in message
        assert ("`group: a-web` under `cloud.azure.interfaces.data1`" in message) != deployed
    assert azure.picture() == before
    retag(azure, web, esacloud_deployment=None)
    azure.apply(file)
    azure.destroy(file)
    left = azure.document(web)
    assert left is not None
    assert [one["name"] for one in left["properties"]["securityRules"]] == ["others"]


def test_a_stranger_with_our_tags_can_be_adopted_as_the_message_says(azure: LiveAzure) -> None:
    name = new_name()
    put(azure, "a-web", tags_of(name), rule())
    azure.apply(text(name, interfaces="{data1: {group: a-web}}"))
    assert [one["name"] for one in azure.groups(name)] == ["a-web"]


def test_an_application_security_group_with_our_tags_and_another_name_is_refused(azure: LiveAzure) -> None:
    name = new_name()
    file = text(name, features=CLUSTER, interfaces=attach(NIC))
    azure.apply(file)
    copy = bodies.path("applicationSecurityGroups", "a-copy")
    azure.send("PUT", copy, {"location": "westeurope", "tags": tags_of(name, **MADE)})
    with pytest.raises(InputError, match="a-copy has the tags") as refused:
        azure.plan(file)
    assert "adopt" not in str(refused.value), "the file has no key for that"


def test_a_group_made_with_another_prefix_is_refused_with_the_key_that_has_it(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name))
    with pytest.raises(InputError, match=f"`name_prefix: {name}-` under `cloud.azure`"):
        azure.plan(text(name, azure="    name_prefix: other-\n"))
    assert azure.plan(text(name, azure=f"    name_prefix: {name}-\n"))[1].empty


@pytest.mark.parametrize(
    "gone",
    [
        {"esacloud_deployment": None},
        {"esacloud_deployment": None, "esacloud_interface": None},
        {"esacloud_interface": None},
        {"esacloud_interface": None, "esacloud_made_by": None},
    ],
)
def test_a_group_whose_tags_somebody_took_off_is_known_by_its_name(azure: LiveAzure, gone: dict[str, None]) -> None:
    name = new_name()
    file = text(name, features=CLUSTER, interfaces=attach(NIC))
    azure.apply(file)
    retag(azure, azure.group(name), **gone)
    _, plan = azure.plan(file)
    assert [step.action for step in plan.steps] == ["put"]
    azure.apply(file)
    assert azure.plan(file)[1].clean
    retag(azure, azure.group(name), **gone)
    if "esacloud_made_by" not in gone:
        azure.destroy(file)
        assert azure.document(azure.group(name)) is None


def test_destroy_takes_away_a_group_that_lost_the_deployment_tag_though_its_interface_left_the_file(
    azure: LiveAzure,
) -> None:
    name = new_name()
    azure.apply(text(name, more=", management: [dns]"))
    retag(azure, azure.group(name, "management"), esacloud_deployment=None)
    azure.destroy(text(name))
    assert azure.document(azure.group(name, "management")) is None


def test_destroy_names_what_it_cannot_prove_to_be_its_own(azure: LiveAzure) -> None:
    name = new_name()
    file = text(name, more=", management: [dns]")
    azure.apply(file)
    other = azure.group(name, "management")
    retag(azure, other, esacloud_deployment=None, esacloud_made_by=None)
    applied = azure.destroy(file)
    assert f"{name}-management has the name of a group of {name}, but not its tags" in plan_text(applied.plan)
    with pytest.raises(InputError, match=f"{name}-management has the name of one") as refused:
        azure.destroy(file)
    assert f"az tag update --resource-id {other}" in str(refused.value)
    retag(azure, other, esacloud_deployment=name, esacloud_made_by="esacloud apply")  # what the message says
    azure.destroy(file)
    assert azure.document(other) is None
    assert azure.destroy(file).plan.empty


def test_a_plan_names_a_group_that_lost_its_tags_when_its_interface_left_the_file(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name, more=", management: [dns]"))
    retag(azure, azure.group(name, "management"), esacloud_deployment=None, esacloud_made_by=None)
    _, plan = azure.plan(text(name))
    assert plan.empty
    assert f"{name}-management has the name of a group" in plan_text(plan)


def test_a_group_that_somebody_made_anew_after_ours_was_deleted_is_not_deleted_too(azure: LiveAzure) -> None:
    name = new_name()
    azure.apply(text(name))
    azure.arm.fail_next("DELETE", "networkSecurityGroups", "cut-after")

    def after(_: int) -> None:
        if azure.arm.methods[-1] == "DELETE":
            put(azure, f"{name}-data1", {"owner": "somebody"})

    azure.arm.after = after
    azure.destroy(text(name))
    document = azure.document(azure.group(name))
    assert document is not None
    assert document["tags"] == {"owner": "somebody"}


def test_a_group_of_another_deployment_with_our_name_is_never_ours(azure: LiveAzure) -> None:
    name = new_name()
    put(azure, f"{name}-data1", tags_of("another", **MADE), rule())
    before = azure.picture()
    assert azure.destroy(text(name)).plan.empty
    with pytest.raises(InputError, match="belongs to the deployment another"):
        azure.plan(text(name))
    assert azure.picture() == before


def test_an_adopted_group_whose_interface_leaves_the_file_keeps_their_rules_and_loses_ours_and_our_tags(
    azure: LiveAzure,
) -> None:
    name = new_name()
    others = put(azure, "others", {"owner": "somebody"}, rule())
    azure.send("PUT", NIC2, bodies.interface(SUBNET2, group=others))
    first = text(name, interfaces="{management: {group: others}}", more=", management: [dns]")
    azure.apply(first)
    adopted = azure.document(others)
    assert adopted is not None
    assert adopted["tags"]["esacloud:adopted"] == "others"
    assert azure.plan(first)[1].empty
    applied = azure.apply(text(name))
    left = azure.document(others)
    assert left is not None
    assert [one["name"] for one in left["properties"]["securityRules"]] == ["others"]
    assert left["tags"] == {"owner": "somebody"}
    assert [one["id"] for one in left["properties"]["networkInterfaces"]] == [NIC2]
    assert azure.plan(text(name))[1].clean
    azure.restore(applied.snapshot)
    assert azure.plan(first)[1].empty


def test_destroy_gives_back_a_group_that_was_adopted_though_the_file_names_it_no_longer(azure: LiveAzure) -> None:
    name = new_name()
    others = put(azure, "others", {"owner": "somebody"}, rule())
    azure.apply(text(name, interfaces="{data1: {group: others}}"))
    azure.destroy(text(name))
    left = azure.document(others)
    assert left is not None
    assert [one["name"] for one in left["properties"]["securityRules"]] == ["others"]
    assert left["tags"] == {"owner": "somebody"}


def test_the_tags_of_an_adopted_group_copied_onto_another_do_not_make_that_one_adopted(azure: LiveAzure) -> None:
    name = new_name()
    others = put(azure, "others", {}, rule())
    azure.apply(text(name, interfaces="{data1: {group: others}}"))
    document = azure.document(others)
    assert document is not None
    put(azure, "copy", document["tags"], rule())
    azure.send("DELETE", others)
    with pytest.raises(InputError, match="copy has the tags of the group of data1"):
        azure.destroy(text(name))


def test_an_adopted_group_goes_on_where_the_key_leaves_the_file_and_the_interface_stays(azure: LiveAzure) -> None:
    name = new_name()
    put(azure, "others", {}, rule())
    azure.apply(text(name, interfaces="{data1: {group: others}}"))
    assert azure.plan(text(name))[1].empty
    assert [one["name"] for one in azure.groups(name)] == ["others"]


def test_an_association_that_somebody_moved_meanwhile_is_not_taken_back(azure: LiveAzure) -> None:
    name, other = new_name(), put(azure, "other", {})
    live, plan = azure.plan(text(name, interfaces=attach(NIC)))
    azure.send("PUT", NIC, bodies.interface(f"{SUBNET2}", group=other))
    with pytest.raises(ChangeFailedError, match=r"another group is attached to .*nic-one since the plan was made: .*other"):
        azure.carry_out(live, plan)
    document = azure.document(NIC)
    assert document is not None
    assert document["properties"]["networkSecurityGroup"]["id"] == other
