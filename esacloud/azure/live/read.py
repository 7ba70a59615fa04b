"""Reading a deployment's groups from Azure: both kinds in one list each, and what carries them where that has to be known.

What a group is attached to stands in the group, and in what carries it. A subnet or a network interface is read of its own
where the file names it, where this run has written it, and where an application security group is about; what it says
itself counts more than what the group says of it, and only there stands how its last change ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from esacloud.azure.evaluate import match
from esacloud.azure.live.calls import Calls, Document
from esacloud.azure.live.documents import carried, joined, members_group, named_in, security_group, tags_of
from esacloud.azure.live.identity import claim, misfit
from esacloud.azure.live.rules import Judge, security_rule
from esacloud.azure.live.scope import GROUPS, INTERFACES, MEMBERS, Scope, is_members, members_name, parse_id
from esacloud.azure.live.target import until_at_rest
from esacloud.change.model import LiveGroup, State
from esacloud.change.retry import RefusedError
from esacloud.errors import InputError, Place, Problem
from esacloud.policy.actual import DEPLOYMENT_TAG

NO_GROUP = "ResourceGroupNotFound"


@dataclass
class Seen:
    """The documents as they were last read or written: of groups by id in lower case, of carriers by id.

    `taken`: names in lower case of groups in the resource group that are not this deployment's. `members`: interface -> id
    of its application security group, whether it is there or not. `unproven`: name and id of each group with one of our
    names and without our tags. `users`: id in lower case of an application security group -> names of the network security
    groups of others whose rules name it, as far as they are in the resource group.
    """

    groups: dict[str, Document] = field(default_factory=dict)
    attachments: dict[str, Document] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    unproven: list[tuple[str, str]] = field(default_factory=list)
    users: dict[str, list[str]] = field(default_factory=dict)

    def own_members(self, interface: str, where: Scope) -> str:
        """The id of the group that `self` stands for."""
        return self.members.get(interface) or where.resource(MEMBERS, f"{where.prefix}{members_name(interface)}")


def read(calls: Calls, where: Scope, judge: Judge, seen: Seen, desired: State | None) -> State:
    """What is there; `seen` gets the documents. Raises OutsideError, or InputError for what the file names in vain.

    It is read again where a network interface or a subnet carries a group of ours that the list does not show.
    """
    for number in range(calls.backoff.tries):
        found, state = _read(calls, where, judge, desired)
        hidden = _hidden(found, where, desired)
        if not hidden:
            break
        if number < calls.backoff.tries - 1:
            calls.backoff.wait(number)
    if hidden:
        raise RefusedError(f"Azure: {', '.join(hidden)}, which it does not list: its reads are behind what was written")
    for name in found.__dataclass_fields__:
        setattr(seen, name, getattr(found, name))
    return state


def _read(calls: Calls, where: Scope, judge: Judge, desired: State | None) -> tuple[Seen, State]:
    found = Seen()
    security = _at_rest(calls, _of_deployment(_listed(calls, GROUPS, where), GROUPS, where, desired, found), found)
    members = _at_rest(calls, _of_deployment(_listed(calls, MEMBERS, where), MEMBERS, where, desired, found), found)
    found.members = {interface: where.spelled(str(one["id"])) for interface, one in members.items()}
    _check_adopted(where, security)
    groups = [
        security_group(document, interface, found.own_members(interface, where), where, judge)
        for interface, document in security.items()
    ]
    asked = {group.name: group.attached for group in desired.groups} if desired else {}
    for ids in asked.values():
        _read_attachments(calls, ids, where, found)
    _read_others(calls, map(where.spelled, calls.written.attachments()), found)  # a list may be from before it
    groups = [replace(group, attached=_attached(group, found)) for group in groups]
    for interface, document in members.items():
        on = {one for group in groups if group.interface == interface for one in group.attached}
        nics = {one for one in (*on, *asked.get(members_name(interface), ())) if parse_id(one).kind == INTERFACES}
        _read_others(calls, nics, found)
        own = str(document["id"]).lower()
        inside = [one for one in nics if one in found.attachments and own in joined(found.attachments[one])]
        groups.append(members_group(document, interface, inside, where))
    attachments = _attachments(groups, found)
    return found, where.state(groups, attachments=attachments, notes=tuple(_notes(groups, desired)))


def _hidden(found: Seen, where: Scope, desired: State | None) -> list[str]:
    """What carries a wanted group that was not listed, in words."""
    hidden = []
    for group in desired.groups if desired else ():
        target = (group.id or where.resource(GROUPS, group.title)).lower()
        if is_members(group.name) or target in found.groups or target in found.taken:
            continue
        hidden += [
            f"{one} carries {group.title}"
            for one in group.attached
            if (carried(found.attachments.get(one, {})) or "").lower() == target
        ]
    return hidden


def _attached(group: LiveGroup, found: Seen) -> tuple[str, ...]:
    """What carries a security group: as that says of itself where it was read, else as the group says."""
    on = {one for one in group.attached if one not in found.attachments}
    own = (group.id or "").lower()
    on |= {one for one, document in found.attachments.items() if (carried(document) or "").lower() == own}
    return tuple(sorted(on))


def _listed(calls: Calls, kind: str, where: Scope) -> list[Document]:
    try:
        return calls.list(kind, where.resource_group)
    except RefusedError as error:
        if error.code != NO_GROUP:
            raise
        message = f"There is no resource group {where.resource_group} in the subscription {where.subscription}."
        hint = f"Make it: az group create --name {where.resource_group} --location {where.location}."
        raise InputError(Problem(replace(where.place, key="cloud.azure.resource_group"), message, hint)) from None


def _of_deployment(
    documents: Iterable[Document], kind: str, where: Scope, desired: State | None, found: Seen
) -> dict[str, Document]:
    """The deployment's groups of one kind by interface; where two say they are of one interface, the first by name."""
    adopted = {name.lower() for name in where.adopted.values()} if kind == GROUPS else set()
    known = {
        group.id.lower(): group.interface
        for group in (desired.groups if desired else ())
        if group.id and is_members(group.name) == (kind == MEMBERS)
    }
    chosen: dict[str, Document] = {}
    others, misfits = [], []
    for document in sorted(documents, key=lambda one: (str(one["name"]).lower() not in adopted, str(one["name"]))):
        tags, name = tags_of(document), str(document["name"]).lower()
        claimed = claim(name, tags, kind, where)
        interface = claimed.interface if claimed.proven else None
        interface = interface or (known.get(str(document["id"]).lower()) if DEPLOYMENT_TAG not in tags else None)
        if claimed.tagged and claimed.interface is not None:
            misfits.append((claimed.interface, document))
        elif interface is None:
            found.taken[str(document["id"]).lower()] = tags.get(DEPLOYMENT_TAG, "")
            for one in named_in(document):
                found.users.setdefault(one, []).append(str(document["name"]))
            if claimed.interface is not None:
                found.unproven.append((str(document["name"]), str(document["id"])))
        elif interface in chosen:
            others.append((interface, document))
        else:
            chosen[interface] = document
    problems = [_twice(interface, one, chosen[interface], where) for interface, one in others]
    problems += (misfit(one, kind, interface, where, alone=interface not in chosen) for interface, one in misfits)
    if problems:
        raise InputError(*problems)
    return dict(sorted(chosen.items()))


def _at_rest(calls: Calls, chosen: dict[str, Document], found: Seen) -> dict[str, Document]:
    """The groups once nothing runs on them any more, as far as that can be waited for; one that went is not there."""
    resting = {interface: until_at_rest(calls, document) for interface, document in chosen.items()}
    kept = {interface: document for interface, document in resting.items() if document is not None}
    found.groups.update({str(document["id"]).lower(): document for document in kept.values()})
    return kept


def _twice(interface: str, second: Document, first: Document, where: Scope) -> Problem:
    message = f"{first['name']} and {second['name']} are both the group of {interface} of {where.deployment}."
    return Problem(where.place, message, f"Take the tag {DEPLOYMENT_TAG} off the one that does not belong to it.")


def _check_adopted(where: Scope, security: dict[str, Document]) -> None:
    problems = []
    for interface, name in where.adopted.items():
        place = replace(where.place, key=f"cloud.azure.interfaces.{interface}.group")
        document = security.get(interface)
        if document is None or str(document["name"]).lower() != name.lower():
            message = f"There is no network security group {name} in {where.resource_group}."
            problems.append(
                Problem(place, message, "Write the name of a group in that resource group, or take the key out.")
            )
            continue
        owner = tags_of(document).get(DEPLOYMENT_TAG, where.deployment)
        if owner != where.deployment:
            message = f"The network security group {name} belongs to the deployment {owner}."
            problems.append(Problem(place, message, "Name a group of its own for this deployment."))
    if problems:
        raise InputError(*problems)


def _read_attachments(calls: Calls, ids: Iterable[str], where: Scope, found: Seen) -> None:
    missing = []
    for one in sorted(ids):
        if one not in found.attachments:
            document = calls.get(one)
            document = until_at_rest(calls, document) if document is not None else None
            if document is None:
                missing.append(one)
            else:
                found.attachments[one] = document
    if missing:
        place = Place(where.place.file, where.place.line, where.place.column, "cloud.azure.interfaces")
        raise InputError(*(Problem(place, f"There is no {one}.", "Mend its id, or take it out.") for one in missing))


def _read_others(calls: Calls, ids: Iterable[str], found: Seen) -> None:
    """Read what the file does not name; what is gone is left out."""
    for one in sorted(ids):
        if one not in found.attachments and (document := calls.get(one)) is not None:
            found.attachments[one] = document


def _attachments(groups: Iterable[LiveGroup], found: Seen) -> dict[str, tuple[str, ...]]:
    """Subnet or network interface -> the network security group on it, as far as it is known."""
    on: dict[str, tuple[str, ...]] = {
        one: (group.id or "",) for group in groups if not is_members(group.name) for one in group.attached
    }
    for one, document in found.attachments.items():
        group = carried(document)
        on.setdefault(one, (group,) if group else ())
    return dict(sorted(on.items()))


def _notes(groups: Iterable[LiveGroup], desired: State | None) -> Iterator[str]:
    """Rules of others that deny a part: what that takes from tags and groups cannot be seen from here."""
    desired_ = {rule.key for group in (desired.groups if desired else ()) for rule in group.rules}
    for group in groups:
        for rule in group.rules:
            native = rule.native
            if not rule.supported or rule.managed or rule.key in desired_ or native["access"] != "Deny":
                continue
            if not match(security_rule(native)).is_everything:
                yield (
                    f"{group.name}: the rule {rule.key} denies a part; what it takes from service tags and application "
                    "security groups is not counted."
                )
