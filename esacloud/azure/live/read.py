"""Reading a deployment's groups from Azure: one list for each kind, and their subnets and network interfaces where needed.

An attachment is in the document of the group and in that of the subnet or network interface. The latter is read where the
file names it, where this run has written it, and where it may be in an application security group; it takes precedence over
the group, and only it has the result of its last change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace

from esacloud.azure.evaluate import match
from esacloud.azure.live.calls import Calls
from esacloud.azure.live.documents import Document, attached_group, joined, members_group, named_in, security_group, tags_of
from esacloud.azure.live.ownership import check_adopted, claim, duplicate_groups, stray
from esacloud.azure.live.rules import Judge, security_rule
from esacloud.azure.live.scope import GROUPS, INTERFACES, MEMBERS, Scope, is_members, members_name, parse_id
from esacloud.azure.live.target import until_at_rest
from esacloud.change.model import LiveGroup, State
from esacloud.change.retry import RefusedError
from esacloud.errors import InputError, Problem
from esacloud.policy.actual import DEPLOYMENT_TAG

NO_GROUP = "ResourceGroupNotFound"


@dataclass
class Seen:
    """The documents as they were last read or written: `groups` by ID in lower case, `attachments` by ID.

    `taken`: ID in lower case -> owner of each group in the resource group that is not this deployment's. `members`:
    interface -> ID of its application security group, whether it exists or not. `unproven`: name and ID of each group with
    one of our names and without our tags. `users`: ID in lower case of an application security group -> names of the
    network security groups of others in the resource group whose rules name it.
    """

    groups: dict[str, Document] = field(default_factory=dict)
    attachments: dict[str, Document] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    unproven: list[tuple[str, str]] = field(default_factory=list)
    users: dict[str, list[str]] = field(default_factory=dict)

    def own_members(self, interface: str, where: Scope) -> str:
        """The ID of the group that `self` stands for."""
        return self.members.get(interface) or where.resource(MEMBERS, f"{where.prefix}{members_name(interface)}")


def read(calls: Calls, where: Scope, judge: Judge, seen: Seen, desired: State | None) -> State:
    """The actual state; `seen` gets the documents. Raises OutsideError, or InputError for names that do not exist.

    It is read again where a group of ours is attached to a network interface or a subnet and the list does not show it.
    """
    for number in range(calls.backoff.tries):
        found, state = _read(calls, where, judge, desired)
        hidden = _hidden(found, where, desired)
        if not hidden:
            break
        if number < calls.backoff.tries - 1:
            calls.backoff.wait(number)
    if hidden:
        raise RefusedError(f"Azure: {', '.join(hidden)}, but is not listed: reads lag behind writes")
    for part in fields(Seen):
        setattr(seen, part.name, getattr(found, part.name))
    return state


def _read(calls: Calls, where: Scope, judge: Judge, desired: State | None) -> tuple[Seen, State]:
    found = Seen()
    security, members = (
        _at_rest(calls, _of_deployment(_listed(calls, kind, where), kind, where, desired, found), found)
        for kind in (GROUPS, MEMBERS)
    )
    found.members = {interface: where.spelled(str(one["id"])) for interface, one in members.items()}
    check_adopted(where, security)
    groups = [
        security_group(document, interface, found.own_members(interface, where), where, judge)
        for interface, document in security.items()
    ]
    asked = {group.name: group.attached for group in desired.groups} if desired else {}
    for ids in asked.values():
        _read_attachments(calls, ids, where, found)
    _read_others(calls, map(where.spelled, calls.written.attachments()), found)  # a list may be older than the write
    groups = [replace(group, attached=_attached(group, found)) for group in groups]
    for interface, document in members.items():
        attached = {one for group in groups if group.interface == interface for one in group.attached}
        attached.update(asked.get(members_name(interface), ()))
        groups.append(_members(calls, document, interface, attached, where, found))
    attachments = _attachments(groups, found)
    return found, where.state(groups, attachments=attachments, notes=tuple(_notes(groups, desired)))


def _members(
    calls: Calls, document: Document, interface: str, attached: Iterable[str], where: Scope, found: Seen
) -> LiveGroup:
    """An application security group with those of its interface's network interfaces that are in it."""
    candidates = {one for one in attached if parse_id(one).kind == INTERFACES}
    _read_others(calls, candidates, found)
    own = str(document["id"]).lower()
    inside = [one for one in candidates if one in found.attachments and own in joined(found.attachments[one])]
    return members_group(document, interface, inside, where)


def _hidden(found: Seen, where: Scope, desired: State | None) -> list[str]:
    """Desired groups that are attached to something and were not listed, in words."""
    hidden = []
    for group in desired.groups if desired else ():
        target = (group.id or where.resource(GROUPS, group.title)).lower()
        if is_members(group.name) or target in found.groups or target in found.taken:
            continue
        hidden += [
            f"{group.title} is attached to {one}"
            for one in group.attached
            if attached_group(found.attachments.get(one, {})).lower() == target
        ]
    return hidden


def _attached(group: LiveGroup, found: Seen) -> tuple[str, ...]:
    """What a security group is attached to: from the documents that were read, otherwise from the group."""
    attached = {one for one in group.attached if one not in found.attachments}
    own = (group.id or "").lower()
    attached |= {one for one, document in found.attachments.items() if attached_group(document).lower() == own}
    return tuple(sorted(attached))


def _listed(calls: Calls, kind: str, where: Scope) -> list[Document]:
    try:
        return calls.list(kind, where.resource_group)
    except RefusedError as error:
        if error.code != NO_GROUP:
            raise
        message = f"There is no resource group {where.resource_group} in the subscription {where.subscription}."
        hint = f"Create it: az group create --name {where.resource_group} --location {where.location}."
        raise InputError(Problem(where.place.at("cloud.azure.resource_group"), message, hint)) from None


def _of_deployment(
    documents: Iterable[Document], kind: str, where: Scope, desired: State | None, found: Seen
) -> dict[str, Document]:
    """The deployment's groups of one kind, by interface. Raises InputError for strays and for duplicates."""
    adopted = {name.lower() for name in where.adopted.values()} if kind == GROUPS else set()
    known = _known_ids(kind, desired)
    chosen: dict[str, Document] = {}
    duplicates, strays = [], []
    for document in sorted(documents, key=lambda one: (str(one["name"]).lower() not in adopted, str(one["name"]))):
        tags, resource_id = tags_of(document), str(document["id"]).lower()
        claimed = claim(str(document["name"]).lower(), tags, kind, where)
        interface = claimed.interface if claimed.proven else None
        interface = interface or (known.get(resource_id) if DEPLOYMENT_TAG not in tags else None)
        if claimed.tagged and claimed.interface is not None:
            strays.append((claimed.interface, document))
        elif interface is None:
            _remember_other(document, found, unproven=claimed.interface is not None)
        elif interface in chosen:
            duplicates.append((interface, document))
        else:
            chosen[interface] = document
    problems = [duplicate_groups(where, interface, chosen[interface], second) for interface, second in duplicates]
    problems += (stray(one, kind, interface, where, alone=interface not in chosen) for interface, one in strays)
    if problems:
        raise InputError(*problems)
    return dict(sorted(chosen.items()))


def _known_ids(kind: str, desired: State | None) -> dict[str, str]:
    """ID in lower case -> interface of the desired groups of one kind."""
    groups = [group for group in (desired.groups if desired else ()) if is_members(group.name) == (kind == MEMBERS)]
    return {group.id.lower(): group.interface for group in groups if group.id}


def _remember_other(document: Document, found: Seen, *, unproven: bool) -> None:
    """Remember a group that is not this deployment's, or not provably."""
    name, resource_id = str(document["name"]), str(document["id"])
    found.taken[resource_id.lower()] = tags_of(document).get(DEPLOYMENT_TAG, "")
    for one in named_in(document):
        found.users.setdefault(one, []).append(name)
    if unproven:
        found.unproven.append((name, resource_id))


def _at_rest(calls: Calls, chosen: dict[str, Document], found: Seen) -> dict[str, Document]:
    """The groups once no change runs on them, or after all tries; without those that were deleted."""
    resting = {interface: until_at_rest(calls, document) for interface, document in chosen.items()}
    kept = {interface: document for interface, document in resting.items() if document is not None}
    found.groups.update({str(document["id"]).lower(): document for document in kept.values()})
    return kept


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
        place = where.place.at("cloud.azure.interfaces")
        raise InputError(*(Problem(place, f"There is no {one}.", "Correct its ID, or remove it.") for one in missing))


def _read_others(calls: Calls, ids: Iterable[str], found: Seen) -> None:
    """Read what the file does not name; what does not exist is omitted."""
    for one in sorted(ids):
        if one not in found.attachments and (document := calls.get(one)) is not None:
            found.attachments[one] = document


def _attachments(groups: Iterable[LiveGroup], found: Seen) -> dict[str, tuple[str, ...]]:
    """Subnet or network interface -> the network security group on it, where it is known."""
    attached: dict[str, tuple[str, ...]] = {
        one: (group.id or "",) for group in groups if not is_members(group.name) for one in group.attached
    }
    for one, document in found.attachments.items():
        group = attached_group(document)
        attached.setdefault(one, (group,) if group else ())
    return dict(sorted(attached.items()))


def _notes(groups: Iterable[LiveGroup], desired: State | None) -> Iterator[str]:
    """Rules of others that deny only a part: their share of tags and groups is known only to Azure."""
    desired_keys = {rule.key for group in (desired.groups if desired else ()) for rule in group.rules}
    for group in groups:
        for rule in group.rules:
            native = rule.native
            if not rule.supported or rule.managed or rule.key in desired_keys or native["access"] != "Deny":
                continue
            if not match(security_rule(native)).is_everything:
                yield (
                    f"{group.name}: the rule {rule.key} denies only a part; its share of service tags and application "
                    "security groups is not counted."
                )
