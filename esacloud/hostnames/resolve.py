"""From DNS answers to a lock: which addresses may be pinned, which stay for their grace period, what changed.

If one name cannot be pinned, the whole lock is not written. An address that is not public (private, loopback, link-local)
is refused, because the owner of a public name could open the gateway's own network with it (DNS rebinding). An address
that left the answer stays for the grace period, because hosts rotate addresses. Only `resolve` asks DNS; the clock is a
parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from esacloud import provider as clouds
from esacloud.deployment.model import Deployment
from esacloud.deployment.read import read
from esacloud.errors import InputError, OutsideError, Place, Problem
from esacloud.guardrails.networks import has_public
from esacloud.hostnames.ask import Answer, ask
from esacloud.hostnames.lock import Known, Lock, LockedName, lock_path, lock_text, read_lock
from esacloud.hostnames.pinned import future_problem, time_of, time_text
from esacloud.packets.addresses import Network, Version, address_text
from esacloud.packets.sets import IPV4, IPV6
from esacloud.policy.compile import pinned_names
from esacloud.text_files import draft

GRACE_DAYS = 14
MOST_ADDRESSES = 100  # of one name; a security group has 60 rules before it is split
_CORRECT = "Correct the name, or remove it."


@dataclass(frozen=True, slots=True)
class Change:
    """How the addresses of one name changed.

    `added` are new, `removed` no longer count, `kept` left the answer and are within their grace period.
    """

    name: str
    added: tuple[Network, ...]
    removed: tuple[Network, ...]
    kept: tuple[Network, ...]


def refusals(
    places: Mapping[str, Place], answers: Mapping[str, Answer], versions: tuple[Version, ...]
) -> Iterator[tuple[Problem, bool]]:
    """Why names cannot be pinned, and whether the resolvers are the cause; `versions` are the address families in use."""
    for name, place in places.items():
        answer = answers[name]
        failures = [failed for version, failed in answer.failed.items() if version in versions]
        if failures:
            outside = any(failed.outside for failed in failures)
            failed = next(failed for failed in failures if failed.outside == outside)
            hint = "Try again, or give another resolver with --resolver." if outside else _CORRECT
            yield Problem(place, failed.message, hint), outside
        elif (refusal := _refusal(name, answer, versions)) is not None:
            yield Problem(place, *refusal), False


def _refusal(name: str, answer: Answer, versions: tuple[Version, ...]) -> tuple[str, str] | None:
    if not answer.addresses:
        through = f" through {' and '.join(answer.aliases)}" if answer.aliases else ""
        return f"{name} has no address{through}.", _CORRECT
    if not any(network.version in versions for network in answer.addresses):
        (version,) = {network.version for network in answer.addresses}
        message = f"{name} has only IPv{version} addresses, and `families` does not have IPv{version}."
        return message, f"Add ipv{version} to `families`, or choose another mode for the name under `hostnames`."
    if inside := [network for network in answer.addresses if not _is_public(network)]:
        message = f"{name} resolves to {_words(inside)}, which is not public; a forged answer could open your own network."
        return message, "If these networks are intended, list them under `peers` instead of the name."
    if len(answer.addresses) > MOST_ADDRESSES:
        message = f"{name} resolves to {len(answer.addresses)} addresses; the maximum for pinning is {MOST_ADDRESSES}."
        hint = "Choose another mode for the name under `hostnames`, or use the service's published ranges as the peer."
        return message, hint
    return None


def _is_public(network: Network) -> bool:
    number = network.first
    if network.version == 4:
        return has_public(IPV4, (number, number))
    if number >> 32 == 0xFFFF:  # an IPv4-mapped IPv6 address, which no packet carries (RFC 4291, 2.5.5.2)
        return False
    embedded = _embedded(number)
    return has_public(IPV6, (number, number)) and (embedded is None or has_public(IPV4, (embedded, embedded)))


def _embedded(number: int) -> int | None:
    """The IPv4 address to which a translator or a tunnel forwards packets for an IPv6 address, if any."""
    if number >> 32 == 0x64FF9B << 64:  # RFC 6052, 2.1
        return number & 0xFFFFFFFF
    return number >> 80 & 0xFFFFFFFF if number >> 112 == 0x2002 else None  # RFC 3056, 2


def _words(networks: list[Network]) -> str:
    texts = [address_text(network.version, network.first) for network in networks[:3]]
    return ", ".join(texts) + (f" and {len(networks) - 3} more" if len(networks) > 3 else "")


def next_lock(deployment: str, answers: Mapping[str, Answer], before: Lock | None, now: datetime, grace_days: int) -> Lock:
    """The lock after these answers, none of which `refusals` refuses. Names without an answer are removed.

    `now` is in UTC. If a name's answer is unchanged, its part of the lock is unchanged too.
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
    for network, before_now in old.addresses.items():
        if network in known:
            known[network] = Known(before_now.since)
        elif (last := before_now.last or last_run) >= oldest:
            known[network] = Known(before_now.since, last)
    if known == old.addresses and set(answer.aliases) == set(old.aliases):
        return LockedName(known, old.aliases, max(answer.ttl, old.ttl), old.resolver, old.changed)
    return LockedName(known, answer.aliases, max(answer.ttl, old.ttl), answer.resolver, time_text(now))


def changes(before: Lock | None, after: Lock) -> tuple[Change, ...]:
    """How each name's addresses changed from one lock to the next, removed names included."""
    out = []
    old_names = before.names if before else {}
    for name in sorted(old_names.keys() | after.names.keys()):
        old = old_names[name].addresses if name in old_names else {}
        new = after.names[name].addresses if name in after.names else {}
        kept = tuple(sorted(network for network, known in new.items() if known.last))
        out.append(Change(name, tuple(sorted(new.keys() - old.keys())), tuple(sorted(old.keys() - new.keys())), kept))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The result for a deployment file. `path` is the lock's."""

    deployment: str
    path: str
    before: Lock | None
    lock: Lock
    changes: tuple[Change, ...]
    warnings: tuple[Problem, ...]

    @property
    def changed(self) -> bool:
        """Whether the addresses changed, so that modules would change."""
        return any(change.added or change.removed for change in self.changes) or (
            self.before is None or self.before.names.keys() != self.lock.names.keys()
        )


def resolve(
    file: str,
    *,
    now: datetime,
    servers: Sequence[tuple[str, int]] = (),
    grace_days: int | None = None,
    timeout: float = 5.0,
) -> Resolved:
    """Resolve every name that the file pins, on any of its clouds. `now` is in UTC; nothing is written.

    Raises InputError for names that cannot be pinned and for a lock that cannot be used, OutsideError when only resolvers
    failed.
    """
    dialects = {name: clouds.load(name).dialect for name in clouds.CLOUDS}
    deployment = read(file, dialects)
    path = lock_path(file)
    before = read_lock(path, deployment.name)
    if before is not None and (problem := future_problem(path, before.resolved, now)):
        raise InputError(problem)
    places = _places(deployment)
    answers = ask(tuple(places), servers, timeout=timeout) if places else {}
    found = list(refusals(places, answers, deployment.versions))
    if found and all(outside for _, outside in found):
        raise OutsideError("\n".join(str(problem) for problem, _ in found))
    if found:
        raise InputError(*(problem for problem, _ in found))
    days = grace_days if grace_days is not None else before.grace_days if before else GRACE_DAYS
    lock = next_lock(deployment.name, answers, before, now, days)
    warnings = list(deployment.warnings)
    if not places:
        message = "No host name of this file is pinned, so there is nothing to resolve."
        warnings.append(Problem(Place(file, key="hostnames"), message, "Write `hostnames: pinned`.", "warning"))
    return Resolved(deployment.name, path, before, lock, changes(before, lock), tuple(warnings))


def _places(deployment: Deployment) -> dict[str, Place]:
    """The names that any of the clouds pins -> their places in the file, in order."""
    places: dict[str, Place] = {}
    for cloud in deployment.clouds:
        for name, place in pinned_names(deployment, clouds.load(cloud).dialect).items():
            places.setdefault(name, place)
    return dict(sorted(places.items()))


def write_lock(resolved: Resolved) -> None:
    """Write the lock atomically. Raises OutsideError when the disk fails."""
    try:
        with draft(resolved.path, lock_text(resolved.lock)) as made:
            Path(made).replace(resolved.path)
    except OSError as error:
        message = f"The lock cannot be written: {error.strerror}. It is unchanged."
        raise OutsideError(f"{resolved.path}: {message}") from None
