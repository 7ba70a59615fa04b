"""The transitions that are explored: where the account begins, what the runs do, where each of them has to end.

Both ends are made here from what the policy lowers to, and not by the engine: `applied` and `destroyed` say what an account
is after a run without faults. Quotas are small, so that groups are full with a few rules and states stay few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from explore.ec2 import Account, Group, PrefixList, Rule, sorted_rules
from explore.strands import Program, read

REGION, VPC, DEPLOYMENT = "eu-central-1", "vpc-0a1b2c3d4e5f60718", "gateway"
ENI, ENI2 = "eni-0123456789abcdef0", "eni-0123456789abcdef1"
OTHER, WEB = "sg-0123456789abcdef0", "sg-0aaaaaaaaaaaaaaaa"
LIST_A, LIST_B = "pl-0aaaaaaaaaaaaaaaa", "pl-0bbbbbbbbbbbbbbbb"
ONE, TWO, THREE, FOUR, FIVE = (f"10.{number}.0.1" for number in range(2, 7))  # none of them merge
WIDE, NARROW = "10.1.0.0/16", "10.1.5.0/24"
_KINDS = {
    "cidr_ipv4": "ipv4",
    "cidr_ipv6": "ipv6",
    "prefix_list_id": "list",
    "referenced_security_group_id": "group",
    "self": "group",
}
_OTHERS = (Group(WEB, "web", "a web server's", (), (Rule(False, "tcp", 443, 443, "ipv4", "0.0.0.0/0", "web", "sgr-web"),)),)


@dataclass(frozen=True)
class OutsideChange:
    """What somebody else does once: to the account, or nothing where it does not apply.

    `opens` and `closes` are the rules that they answer for themselves. `puts` is a group that they put on a network
    interface, which a run that has read it there may not detach.
    """

    name: str
    do: Callable[[Account], Account | None]
    opens: tuple[Rule, ...] = ()
    closes: tuple[Rule, ...] = ()
    puts: str | None = None


@dataclass(frozen=True)
class Transition:
    """A start and one or two runs. `rival` is what the second one does, the same as the first where it is None.

    - `virtual`: for an account without a network interface, the names of the groups on one that is thought of, by its name.
    - `prepared`: a run that is made first, without a fault; the snapshot that it leaves is what `program` restores.
    - `refused`: whether the run has to refuse before its first change.
    """

    name: str
    start: Account
    program: Program
    rival: Program | None = None
    virtual: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prepared: Program | None = None
    outside: tuple[OutsideChange, ...] = ()
    refused: bool = False

    def with_ipv6(self, ipv6: bool) -> Transition:
        """The same in a VPC with IPv6 or without, which is what its new groups begin with."""
        return replace(self, start=self.start._replace(ipv6=ipv6))


def text(
    peers: Iterable[str],
    *,
    quota: int = 0,
    on: Mapping[str, str] | None = None,
    group: Mapping[str, str] | None = None,
    more: str = "",
    features: str = "ntp",
    also: str = "",
) -> str:
    """A deployment file whose gateway asks the peers for the time.

    `on` and `group` give network interfaces and a group to adopt by interface, `more` other interfaces with their features.
    """
    quotas = f"    quotas: {{rules_per_group: {quota}}}\n" if quota else ""
    keys: dict[str, list[str]] = {}
    for name, ids in (on or {}).items():
        keys.setdefault(name, []).append(f"network_interfaces: [{ids}]")
    for name, one in (group or {}).items():
        keys.setdefault(name, []).append(f"group: {one}")
    placed = ", ".join(f"{name}: {{{', '.join(values)}}}" for name, values in keys.items())
    interfaces = f"    interfaces: {{{placed}}}\n" if placed else ""
    return (
        f'name: {DEPLOYMENT}\nasyncos: "15.5"\ncloud:\n  aws:\n    region: {REGION}\n    vpc: {VPC}\n{quotas}{interfaces}'
        f"interfaces: {{data1: [{features}]{more}}}\nhostnames: open\npeers: {{ntp-servers: [{', '.join(peers)}]{also}}}\n"
    )


def account(
    attached: Mapping[str, Iterable[str]] | None = None, others: tuple[Group, ...] = _OTHERS, **settings: Any
) -> Account:
    """An account with groups of others, and their lists on network interfaces."""
    made = Account(VPC, groups=tuple(sorted(others)), **settings)
    for name, groups in (attached or {}).items():
        made = made.with_attached(name, groups)
    return made


def applied(before: Account, program: Program) -> Account:
    """The account after an apply without faults: the groups of the file with its rules and tags, where they belong."""
    deployment, lowered = read(program.file)
    settings = deployment.clouds["aws"]
    prefix = settings.values.get("name_prefix") or f"{deployment.name}-"
    adopted = {name: keys["group"][0] for name, keys in settings.interfaces.items() if keys.get("group")}
    asked = {name: keys.get("network_interfaces", ()) for name, keys in settings.interfaces.items()}
    siblings: dict[str, set[str]] = {}
    for group in _ours(before):
        siblings.setdefault(dict(group.tags)["esacloud:interface"], set()).update(_attachments(before, group.id))
    now, kept = before, set[str]()
    first: dict[str, str] = {}
    for desired in lowered.native.groups:
        name = f"{prefix}{desired.name}"
        own = adopted.get(desired.interface) if desired.name == desired.interface else None
        found = next((one for one in now.groups if one.id == own or (own is None and one.name == name)), None)
        if found is None:
            now = now._replace(made=now.made + 1)
            found = Group(f"sg-{0xE5A0000000000 + now.made:017x}", name, desired.description)
        kept.add(found.id)
        first.setdefault(desired.interface, found.id)
        labels = {"esacloud:adopted": own} if own else {"Name": name}
        tags = {
            **lowered.native.tags,
            **labels,
            "esacloud:deployment": deployment.name,
            "esacloud:interface": desired.interface,
        }
        stay = [rule for rule in found.rules if program.unmanaged != "purge" and not _is_ours(rule)]
        rules = {rule.key: rule for rule in stay}
        for rule in desired.rules:
            source = first[desired.interface] if rule.source_kind == "self" else rule.source
            made = Rule(
                rule.direction == "egress",
                rule.ip_protocol,
                rule.from_port,
                rule.to_port,
                _KINDS[rule.source_kind],
                source,
                rule.description,
                f"sgr-{len(rules)}-{found.id[-4:]}",
            )
            rules[made.key] = made
        tags = {**dict(found.tags), **tags}
        now = now.with_group(found._replace(tags=tuple(sorted(tags.items())), rules=sorted_rules(rules.values())))
        together = siblings.get(desired.interface, set())
        for one in sorted({*asked.get(desired.interface, ()), *together}):
            attached = dict(now.attached)[one]
            if found.id not in attached:
                now = now.with_attached(one, (*attached, found.id))
    return _without(now, kept)


def destroyed(before: Account) -> Account:
    """The account after a destroy without faults."""
    return _without(before, set())


def _without(now: Account, kept: set[str]) -> Account:
    """The account without the groups of the deployment that are not kept; an adopted one stays with the rules of others."""
    for group in _ours(now):
        if group.id in kept:
            continue
        if group.description.endswith("made by esacloud"):
            for name in _attachments(now, group.id):
                now = now.with_attached(name, (one for one in dict(now.attached)[name] if one != group.id))
            now = now._replace(groups=tuple(one for one in now.groups if one.id != group.id))
        else:
            rules = tuple(rule for rule in group.rules if not _is_ours(rule))
            tags = tuple(pair for pair in group.tags if not pair[0].startswith("esacloud:"))
            now = now.with_group(group._replace(rules=rules, tags=tags))
    return now


def _ours(now: Account) -> list[Group]:
    return [group for group in now.groups if dict(group.tags).get("esacloud:deployment") == DEPLOYMENT]


def _is_ours(rule: Rule) -> bool:
    return rule.description.startswith(("row", "not in table"))


def _attachments(now: Account, group: str) -> list[str]:
    return [name for name, groups in now.attached if group in groups]


def by_hand(now: Account, name: str, network_interface: str = ENI) -> Account:
    """The account with a group put on a network interface by hand."""
    group = next(one for one in now.groups if one.name == f"{DEPLOYMENT}-{name}")
    return now.with_attached(network_interface, (*dict(now.attached)[network_interface], group.id))


# What somebody else may do


def _opens(now: Account) -> Account | None:
    for group in _ours(now)[:1]:
        return now.with_group(group._replace(rules=sorted_rules([*group.rules, OPENED])))
    return None


def _closes(rule_source: str) -> Callable[[Account], Account | None]:
    def do(now: Account) -> Account | None:
        for group in _ours(now):
            left = tuple(rule for rule in group.rules if rule.source != rule_source)
            if left != group.rules:
                return now.with_group(group._replace(rules=left))
        return None

    return do


def _puts(now: Account) -> Account | None:
    attached = dict(now.attached)
    if ENI not in attached or BACKUP.id in attached[ENI] or len(attached[ENI]) >= now.groups_per_interface:
        return None
    return now.with_attached(ENI, (*attached[ENI], BACKUP.id))


OPENED = Rule(False, "tcp", 8080, 8080, "ipv4", "192.0.2.0/24", "", "sgr-opened")
BACKUP = Group(
    "sg-0bbbbbbbbbbbbbbbb",
    "backup",
    "a backup's",
    (),
    (Rule(True, "tcp", 873, 873, "ipv4", "198.51.100.0/24", "", "sgr-backup"),),
)
OPENS = OutsideChange("somebody opens tcp/8080 in a group of ours", _opens, opens=(OPENED,))
PUTS = OutsideChange("somebody puts the group backup on the network interface", _puts, opens=BACKUP.rules, puts=BACKUP.id)


def closes(peer: str) -> OutsideChange:
    """Somebody revokes the rule about one peer."""
    source = peer if "/" in peer or peer.startswith("pl-") else f"{peer}/32"
    kind = "list" if peer.startswith("pl-") else "ipv4"
    rule = Rule(True, "udp", 123, 123, kind, source)
    return OutsideChange(f"somebody revokes the rule about {peer}", _closes(source), closes=(rule,))


# The transitions


def _apply(file: str) -> Program:
    return Program("apply", file)


def _destroy(file: str) -> Program:
    return Program("destroy", file)


def transitions() -> dict[str, Transition]:
    """All of them by name."""
    others = (*_OTHERS, BACKUP)
    empty = account({ENI: [WEB]}, others)
    bare = account({}, others)
    filed = {"data1": ENI}
    made: list[Transition] = []

    def add(name: str, start: Account, program: Program, **more: Any) -> None:
        made.append(Transition(name, start, program, **more))

    def old(file: str, where: Account = empty, **settings: Any) -> Account:
        return applied(where._replace(**settings), _apply(file))

    def hand(peers: Iterable[str], where: Account = empty, **settings: Any) -> Account:
        return by_hand(old(text(peers), where, **settings), "data1")

    quota2: dict[str, Any] = {"rules_per_group": 2}
    quota3: dict[str, Any] = {"rules_per_group": 3}
    add("fresh", empty, _apply(text([ONE, TWO], on=filed)), outside=(OPENS, PUTS))
    add("change", hand([ONE, TWO]), _apply(text([ONE, THREE])), outside=(OPENS, closes(ONE), PUTS))
    add(
        "change of what nothing carries",
        old(text([ONE, TWO, "fd00::1"]), bare),
        _apply(text([ONE, THREE, "fd00::2"])),
        virtual={"data1": ("gateway-data1",)},
        outside=(OPENS, closes(ONE)),
    )
    add("narrowing", old(text([WIDE], on=filed)), _apply(text([NARROW], on=filed)), outside=(OPENS, closes(WIDE), PUTS))
    add("widening", hand([NARROW]), _apply(text([WIDE])), outside=(OPENS, closes(NARROW)))
    add(
        "full group",
        hand([ONE, TWO], **quota2),
        _apply(text([ONE, THREE], quota=2)),
        outside=(OPENS, closes(ONE)),
    )
    add(
        "full group in place",
        old(text([WIDE], quota=1, on=filed), rules_per_group=1),
        _apply(text([NARROW], quota=1, on=filed)),
        outside=(OPENS, closes(WIDE)),
    )
    add(
        "second group by file",
        old(text([ONE, TWO], quota=2, on=filed), **quota2),
        _apply(text([ONE, TWO, THREE], quota=2, on=filed)),
        outside=(OPENS, closes(ONE), PUTS),
    )
    add(
        "second group by hand",
        hand([ONE, TWO], **quota2),
        _apply(text([ONE, TWO, THREE], quota=2)),
        outside=(OPENS, closes(ONE), PUTS),
    )
    add(
        "two further groups",
        hand([ONE, TWO], **quota2),
        _apply(text([ONE, TWO, THREE, FOUR, FIVE], quota=2)),
        outside=(OPENS, PUTS),
    )
    three = old(text([ONE, TWO, THREE], quota=2, on=filed), **quota2)
    add(
        "second group goes",
        three,
        _apply(text([ONE, TWO], quota=2, on=filed)),
        outside=(OPENS, closes(ONE), PUTS),
    )
    two = account({ENI: [WEB], ENI2: [WEB]}, others)
    add(
        "two interfaces",
        old(text([ONE], on=filed), two),
        _apply(text([ONE, TWO], on={"data1": ENI, "management": ENI2}, more=", management: [ntp]")),
        outside=(OPENS, closes(ONE), PUTS),
    )
    shared = by_hand(old(text([ONE, TWO], quota=2, on=filed, more=", management: [ntp]"), **quota2), "management")
    add(
        "one comes and one goes",
        shared,
        _apply(text([ONE, TWO, THREE], quota=2, on=filed)),
        outside=(OPENS, closes(ONE), PUTS),
    )
    lists = empty._replace(lists=((LIST_A, PrefixList(40)), (LIST_B, PrefixList(40))))
    add(
        "prefix list to prefix list",
        old(text([_list(LIST_A)], on=filed), lists),
        _apply(text([_list(LIST_B)], on=filed)),
        outside=(OPENS, closes(LIST_A)),
    )
    small = lists._replace(lists=((LIST_A, PrefixList(5)), (LIST_B, PrefixList(5))))
    add(
        "prefix lists beside networks",
        by_hand(old(text([_list(LIST_A, 5), ONE]), small), "data1"),
        _apply(text([_list(LIST_A, 5), _list(LIST_B, 5), TWO])),
        outside=(OPENS, closes(ONE)),
    )
    add(
        "prefix list larger than the file says",
        old(text([_list(LIST_A)], on=filed), lists),
        _apply(text([_list(LIST_A), _list(LIST_B, 10)], on=filed)),
        refused=True,
    )
    other = Group(
        OTHER, "other", "of somebody else", (), (Rule(False, "tcp", 22, 22, "ipv4", "192.0.2.7/32", "admin", "sgr-other"),)
    )
    lent = account({ENI: [WEB], ENI2: [WEB, OTHER]}, (*others, other))
    adopting = text([ONE], on=filed, group={"management": OTHER}, more=", management: [ntp]")
    add("adopted", old(text([ONE], on=filed), lent), Program("apply", adopting, "report"), outside=(OPENS, closes(ONE)))
    add(
        "adopted group leaves the file",
        applied(lent, Program("apply", adopting, "report")),
        Program("apply", text([ONE], on=filed), "report"),
        outside=(OPENS, closes(ONE)),
    )
    stray = hand([ONE, TWO])
    tags = next(group.tags for group in stray.groups if group.name == f"{DEPLOYMENT}-data1")
    named = tuple(("Name", "web") if pair[0] == "Name" else pair for pair in tags)
    add(
        "tags of ours on a group of others",
        stray.with_group(stray.group(WEB)._replace(tags=named)),
        _apply(text([ONE, THREE])),
        refused=True,
    )
    referring = old(text([ONE], on=filed))
    ours = next(group.id for group in referring.groups if group.name == f"{DEPLOYMENT}-data1")
    rule = Rule(False, "tcp", 25, 25, "group", ours, "", "sgr-refers")
    add(
        "destroy of what others refer to",
        referring.with_group(BACKUP._replace(rules=(*BACKUP.rules, rule))),
        _destroy(text([ONE], on=filed)),
        refused=True,
    )
    cluster = text([ONE, TWO], on=filed, features="ntp, cluster", also=", cluster-members: [self]")
    add("destroy", old(cluster), _destroy(cluster), outside=(OPENS, closes(ONE), PUTS))
    add(
        "restore",
        hand([ONE, TWO], **quota2),
        Program("restore", ""),
        prepared=_apply(text([ONE, THREE, FOUR], quota=2)),
        outside=(OPENS, closes(ONE)),
    )
    add(
        "restore what was destroyed",
        old(text([ONE], on=filed)),
        Program("restore", ""),
        prepared=_destroy(text([ONE], on=filed)),
        outside=(PUTS,),
    )
    add(
        "apply against destroy",
        old(text([ONE, TWO], on=filed)),
        _apply(text([ONE, THREE], on=filed)),
        rival=_destroy(text([ONE, TWO], on=filed)),
    )
    add("apply against apply", hand([ONE, TWO]), _apply(text([ONE, THREE])), rival=_apply(text([ONE, FOUR])))
    add(
        "full groups against each other",
        hand([ONE, TWO], **quota3),
        _apply(text([ONE, TWO, THREE, FOUR], quota=3)),
        rival=_apply(text([ONE, TWO, FIVE], quota=3)),
    )
    add(
        "narrowing against widening",
        old(text(["10.1.0.0/20"], on=filed)),
        _apply(text([NARROW], on=filed)),
        rival=_apply(text([WIDE], on=filed)),
    )
    return {one.name: one for one in made}


def _list(name: str, entries: int = 40) -> str:
    return f"{{prefix_list: {name}, max_entries: {entries}}}"
