"""Packets from a sentence, as `tcp/25 in from any` or `udp/53 out to 10.0.0.2`.

`str(box)` of a box with one network reads back as that box. A sentence may also name several ports (`tcp/80,443`), `any`
for both address families, and `icmp type 8` for every code of a type.
"""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.packets.addresses import AddressError, parse_network
from esacloud.packets.sets import (
    EVERY_ADDRESS,
    EVERY_PORT,
    EVERY_PROTOCOL,
    ICMP,
    ICMPV6,
    IPV4,
    IPV6,
    ONE_POINT,
    SIDES,
    TCP,
    UDP,
    Box,
    Direction,
    PacketSet,
    Range,
)

_PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMPV6}
_FORM = "Write it as `tcp/25 in from any` or `udp/53 out to 10.0.0.2`."


class PacketTextError(ValueError):
    """A text that does not name packets: `message` and `hint` are whole sentences."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} {hint}")
        self.message, self.hint = message, hint


def parse_packets(*sentences: str) -> PacketSet:
    """The union of the packets that the sentences name. Raises `PacketTextError`."""
    return PacketSet.of(box for sentence in sentences for box in parse_boxes(sentence))


def parse_boxes(sentence: str) -> tuple[Box, ...]:
    """The boxes that one sentence names. Raises `PacketTextError`."""
    message, direction, remote = _halves(sentence)
    message, from_port, source = message.partition(" from source port ")
    source_ports = _range(source, 65535, sentence) if from_port else EVERY_PORT
    return tuple(
        Box(direction, address_space, protocols, source_ports, ports, addresses)
        for protocols, ports in _services(message.strip(), sentence)
        for address_space, addresses in _remotes(remote, sentence)
    )


def _halves(sentence: str) -> tuple[str, Direction, str]:
    for direction, side in SIDES.items():
        before, _, remote = sentence.partition(f" {side} ")
        if remote.strip():
            return before.strip(), direction, remote.strip()
    raise PacketTextError(f"{sentence!r} has neither `in from` nor `out to` and a remote.", _FORM)


def _services(text: str, sentence: str) -> Iterator[tuple[Range, Range]]:
    """The protocols and destination ports that the first half names."""
    if text == "every protocol":
        yield EVERY_PROTOCOL, EVERY_PORT
        return
    word, space, rest = text.partition(" ")
    if word in ("protocol", "protocols") and space:
        number, _, ports = rest.partition("/")
        yield _range(number, 255, sentence), _range(ports, 65535, sentence) if ports else EVERY_PORT
        return
    name, slash, ports = text.partition("/")
    protocol = _PROTOCOLS.get(name if slash else word)
    if protocol is None:
        raise PacketTextError(f"{sentence!r} starts with the unknown protocol {word!r}.", _FORM)
    protocols: Range = (protocol, protocol)
    if protocol in (ICMP, ICMPV6):
        yield protocols, _icmp_types(rest, sentence) if space else EVERY_PORT
    elif slash:
        for port in ports.split(","):
            yield protocols, _range(port, 65535, sentence)
    elif space:
        raise PacketTextError(f"{sentence!r} has {rest!r} after the protocol.", _FORM)
    else:
        yield protocols, EVERY_PORT


def _icmp_types(text: str, sentence: str) -> Range:
    """`type 8`, `type 3.4` or `types 3.0 to 3.255`, as type * 256 + code."""
    word, _, numbers = text.partition(" ")
    if word not in ("type", "types") or not numbers:
        raise PacketTextError(f"{sentence!r} has {text!r} after the protocol.", "Write `icmp type 8 in from 10.0.0.0/8`.")
    first, _, last = numbers.partition(" to ")
    low, high = _icmp_type(first, sentence), _icmp_type(last or first, sentence)
    if low[0] > high[1]:
        raise PacketTextError(f"{sentence!r} has ICMP types that run backwards.", "Write the lower one first.")
    return low[0], high[1]


def _icmp_type(text: str, sentence: str) -> Range:
    kind, dot, code = text.strip().partition(".")
    first = _number(kind, 255, sentence) * 256
    if not dot:
        return first, first + 255
    number = first + _number(code, 255, sentence)
    return number, number


def _range(text: str, top: int, sentence: str) -> Range:
    first, dash, last = text.strip().partition("-")
    low = _number(first, top, sentence)
    high = _number(last, top, sentence) if dash else low
    if low > high:
        raise PacketTextError(f"{sentence!r} has the range {text!r}, which runs backwards.", f"Write {high}-{low}.")
    return low, high


def _number(text: str, top: int, sentence: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= top):
        raise PacketTextError(f"{sentence!r} has {text!r} instead of a number.", f"Write a whole number from 0 to {top}.")
    return int(text)


def _remotes(text: str, sentence: str) -> Iterator[tuple[str, Range]]:
    """The address spaces and addresses of `any`, `self`, a reference `kind:id`, or a network."""
    if text == "any":
        yield from EVERY_ADDRESS.items()
    elif text == "self" or _is_reference(text):
        yield text, ONE_POINT
    else:
        try:
            network = parse_network(text)
        except AddressError as error:
            raise PacketTextError(f"{sentence!r}: {error.message}", error.hint) from None
        yield IPV4 if network.version == 4 else IPV6, (network.first, network.last)


def _is_reference(text: str) -> bool:
    kind, colon, name = text.partition(":")
    return bool(colon and name) and kind.replace("_", "").isalpha() and len(kind) > 4  # an IPv6 group has up to four
