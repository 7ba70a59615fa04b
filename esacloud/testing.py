"""Assertions for your own tests: a module, a group or a packet set permits or denies packets.

    from esacloud.testing import assert_denies, assert_permits

    assert_permits("build/small", "tcp/25 in from any", interface="data1")
    assert_denies("build/small", "tcp/22 in from any")

A subject is a packet set; a deployment lowered to a cloud (`workflow.lower`); a directory with a module that esacloud
wrote; or a JSON file for `esacloud audit`. See docs/testing-your-own.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from esacloud.packets.sets import EVERY_ADDRESS, IPV4, IPV6, ONE_POINT, Box, PacketSet
from esacloud.packets.text import PacketTextError, parse_packets
from esacloud.policy.lowered import Lowered

Subject = PacketSet | Mapping[str, PacketSet] | Lowered | str | Path


def assert_permits(subject: Subject, sentence: str, interface: str | None = None) -> None:
    """Fail unless the subject permits every packet of the sentence. `interface` is required where it has several.

    Raises AssertionError with a packet that is not permitted, ValueError for a bad sentence or interface, InputError for a
    file that cannot be read.
    """
    __tracebackhide__ = True
    asked, packets = parse_packets(sentence), permitted(subject, interface)
    if missing := asked - _closed(packets, asked):
        raise AssertionError(f"{_named(subject, interface)} does not permit {missing.witness()}, but should: {sentence}")


def assert_denies(subject: Subject, sentence: str, interface: str | None = None) -> None:
    """Fail if the subject permits any packet of the sentence; without `interface`, on any of its interfaces.

    Raises as `assert_permits` does.
    """
    __tracebackhide__ = True
    denied = parse_packets(sentence)
    for name, packets in _by_interface(subject).items():
        if interface in (None, name):
            found = _closed(packets, denied) & denied
            if found:
                raise AssertionError(f"{_named(subject, name)} permits {found.witness()}, but should not: {sentence}")
    if interface is not None:
        permitted(subject, interface)


def permitted(subject: Subject, interface: str | None = None) -> PacketSet:
    """All packets that the subject permits at one interface, which has to be named where there are several (ValueError)."""
    found = _by_interface(subject)
    if interface is None and len(found) == 1:
        return next(iter(found.values()))
    if interface is None or interface not in found:
        raise ValueError(f"name one of the interfaces: {', '.join(found) or 'there are none'}")
    return found[interface]


def _by_interface(subject: Subject) -> Mapping[str, PacketSet]:
    if isinstance(subject, PacketSet):
        return {"": subject}
    if isinstance(subject, Mapping):
        return subject
    if isinstance(subject, Lowered):
        return subject.packets
    path = Path(subject)
    return _of_module(path) if path.is_dir() else _of_file(path)


def _of_file(path: Path) -> dict[str, PacketSet]:
    from esacloud.audit.assignment import by_itself
    from esacloud.audit.groups import combine
    from esacloud.audit.sources import read_files

    actual = read_files([str(path)])
    tagged: dict[str, tuple[str, ...]] = {}
    for group in actual.groups:
        if group.interface:
            tagged[group.interface] = (*tagged.get(group.interface, ()), group.id)
    return {name: combine(actual, ids).packets for name, ids in {**by_itself(actual), **tagged}.items()}


def _of_module(path: Path) -> Mapping[str, PacketSet]:
    from esacloud import provider as clouds
    from esacloud.terraform.reading import read_documents

    documents, deviations = read_documents(str(path))
    for cloud in clouds.CLOUDS:
        back = clouds.load(cloud).read_back(documents)
        if back.packets and not (deviations or back.deviations):
            return back.packets
        deviations = (*deviations, *back.deviations)
    raise ValueError(f"{path} has no module that can be evaluated: {' '.join(deviations)}")


def _closed(packets: PacketSet, asked: PacketSet) -> PacketSet:
    """The packets, with what is permitted to every address permitted for the references in question too."""
    references = asked.address_spaces() - {IPV4, IPV6}
    if not references:
        return packets
    return packets | PacketSet.of(
        Box(box.direction, address_space, box.protocols, box.source_ports, box.ports, ONE_POINT)
        for box in packets.boxes()
        if box.address_space == IPV4 and box.addresses == EVERY_ADDRESS[IPV4]
        for address_space in references
    )


def _named(subject: Subject, interface: str | None) -> str:
    name: Any = subject if isinstance(subject, str | Path) else type(subject).__name__
    return f"{name} ({interface})" if interface else str(name)


__all__ = ["PacketTextError", "assert_denies", "assert_permits", "permitted"]
