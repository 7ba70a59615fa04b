"""From answers of DNS to a lock: what may be pinned, what stays for its grace time, what changed since the lock before.

Rules that this module obeys: one name that cannot be pinned keeps the whole lock from being written; an address that leads
inside (private, loopback, link-local) is refused, because whoever owns a public name could open the gateway's own network
with it (DNS rebinding); an address that left the answer stays for the grace time, because hosts take turns. No network and
no clock here: answers and the time are values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from esacloud.errors import Place, Problem
from esacloud.guardrails.networks import has_public
from esacloud.hostnames.ask import Answer
from esacloud.hostnames.lock import Known, Lock, LockedName
from esacloud.hostnames.pinned import time_of, time_text
from esacloud.packets.addresses import Network, Version, address_text
from esacloud.packets.sets import IPV4, IPV6

GRACE_DAYS = 14
MOST_ADDRESSES = 100  # of one name; a security group has 60 rules before it is split


@dataclass(frozen=True, slots=True)
class Change:
    """How the addresses of one name moved.

    `added` are new and count from now on, `removed` no longer count, `kept` left the answer and are within their grace.
    """

    name: str
    added: tuple[Network, ...]
    removed: tuple[Network, ...]
    kept: tuple[Network, ...]


def refusals(
    places: Mapping[str, Place], answers: Mapping[str, Answer], versions: tuple[Version, ...]
) -> Iterator[tuple[Problem, bool]]:
    """Why names cannot be pinned, and whether it is the resolvers' fault; `versions` are the address families in use."""
    for name, place in places.items():
        answer = answers[name]
        failures = [failed for version, failed in answer.failed.items() if version in versions]
        if failures:
            outside = any(failed.outside for failed in failures)
            failed = next(failed for failed in failures if failed.outside == outside)
            hint = (
                "Try again, or name another resolver with --resolver." if outside else "Correct the name, or take it out."
            )
            yield Problem(place, failed.message, hint), outside
        elif (refusal := _refusal(name, answer, versions)) is not None:
            yield Problem(place, *refusal), False


def _refusal(name: str, answer: Answer, versions: tuple[Version, ...]) -> tuple[str, str] | None:
    if not answer.addresses:
        through = f" through {' and '.join(answer.aliases)}" if answer.aliases else ""
        return f"{name} has no address{through}.", "Correct the name, or take it out."
    if not any(network.version in versions for network in answer.addresses):
        (version,) = {network.version for network in answer.addresses}
        message = f"{name} has IPv{version} addresses alone, and `families` leaves IPv{version} out."
        return message, f"Add ipv{version} to `families`, or choose another way for the name under `hostnames`."
    inside = [network for network in answer.addresses if _leads_inside(network)]
    if inside:
        message = (
            f"{name} resolves to {_words(inside)}, which is no public address; a forged answer could open your own network."
        )
        return message, "Give the networks under `peers` instead of the name, if they are meant."
    if len(answer.addresses) > MOST_ADDRESSES:
        message = f"{name} resolves to {len(answer.addresses)} addresses, and at most {MOST_ADDRESSES} are pinned."
        return (
            message,
            "Choose another way for the name under `hostnames`, or name the service's published ranges as the peer.",
        )
    return None


def _leads_inside(network: Network) -> bool:
    if network.version == 4:
        return not has_public(IPV4, (network.first, network.first))
    if network.first >> 32 == 0xFFFF:  # an IPv4 address in the clothes of IPv6, which no packet carries (RFC 4291, 2.5.5.2)
        return True
    carried = _carried(network.first)
    return not has_public(IPV6, (network.first, network.first)) or (
        carried is not None and not has_public(IPV4, (carried, carried))
    )


def _carried(number: int) -> int | None:
    """The IPv4 address to which a translator or a tunnel brings packets for an IPv6 address, if any."""
    if number >> 32 == 0x64FF9B << 64:  # RFC 6052, 2.1
        return number & 0xFFFFFFFF
    return number >> 80 & 0xFFFFFFFF if number >> 112 == 0x2002 else None  # RFC 3056, 2


def _words(networks: list[Network]) -> str:
    texts = [address_text(network.version, network.first) for network in networks[:3]]
    return ", ".join(texts) + (f" and {len(networks) - 3} more" if len(networks) > 3 else "")


def next_lock(deployment: str, answers: Mapping[str, Answer], before: Lock | None, now: datetime, grace_days: int) -> Lock:
    """The lock after these answers, which hold nothing that `refusals` refuses. Names that are not asked for any more go.

    `now` is in UTC. Where a name's answer is the same as before, its part of the lock stays as it was.
    """
    names = {
        name: _next(answer, before.names.get(name) if before else None, before, now, grace_days)
        for name, answer in answers.items()
    }
    return Lock(deployment, grace_days, time_text(now), names)


def _next(answer: Answer, old: LockedName | None, before: Lock | None, now: datetime, grace_days: int) -> LockedName:
    today = now.date().isoformat()
    known = {network: Known(today) for network in answer.addresses}
    if old is None or before is None:
        return LockedName(known, answer.aliases, answer.ttl, answer.resolver, time_text(now))
    last_run = time_of(before.resolved).date().isoformat()
    oldest = (now.date() - timedelta(days=grace_days)).isoformat()
    for network, said in old.addresses.items():
        if network in known:
            known[network] = Known(said.since)
        elif (last := said.last or last_run) >= oldest:
            known[network] = Known(said.since, last)
    if known == old.addresses and set(answer.aliases) == set(old.aliases):
        return LockedName(known, old.aliases, max(answer.ttl, old.ttl), old.resolver, old.changed)
    return LockedName(known, answer.aliases, max(answer.ttl, old.ttl), answer.resolver, time_text(now))


def changes(before: Lock | None, after: Lock) -> tuple[Change, ...]:
    """How each name's addresses moved from one lock to the next, names that are no longer in it included."""
    out = []
    old_names = before.names if before else {}
    for name in sorted(old_names.keys() | after.names.keys()):
        old = old_names[name].addresses if name in old_names else {}
        new = after.names[name].addresses if name in after.names else {}
        kept = tuple(sorted(network for network, known in new.items() if known.last))
        out.append(Change(name, tuple(sorted(new.keys() - old.keys())), tuple(sorted(old.keys() - new.keys())), kept))
    return tuple(out)
