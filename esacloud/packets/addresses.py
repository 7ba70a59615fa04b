"""IPv4 and IPv6 networks as numbers: strict to read, canonical to write.

Reading refuses host bits, leading zeros, zone identifiers and short forms, because each of them hides a mistake in a rule.
Text is the canonical form of RFC 5952, as EC2 and Azure print it. `socket` and `ipaddress` are not used, because each
costs every start of the command several milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

Version = Literal[4, 6]
BITS = {4: 32, 6: 128}


class AddressError(ValueError):
    """A text that is not a network: `message` and `hint` are whole sentences."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} {hint}")
        self.message, self.hint = message, hint


class Network(NamedTuple):
    """A network: IP version, its first address as a number, and its prefix length in bits."""

    version: Version
    first: int
    prefix: int

    @property
    def last(self) -> int:
        """The last address of the network, as a number."""
        return self.first + (1 << (BITS[self.version] - self.prefix)) - 1

    def __str__(self) -> str:
        return _text(self)


ANY_IPV4 = Network(4, 0, 0)
ANY_IPV6 = Network(6, 0, 0)


@lru_cache(maxsize=4096)
def _text(network: Network) -> str:
    return f"{address_text(network.version, network.first)}/{network.prefix}"


def address_text(version: Version, number: int) -> str:
    """The canonical text of one address, without a prefix length."""
    if version == 4:
        return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    groups = f":{':'.join([f'{number >> shift & 0xFFFF:x}' for shift in range(112, -1, -16)])}:"
    for zeros in _ZEROS:
        if (at := groups.find(zeros)) >= 0:
            return f"{groups[1:at]}::{groups[at + len(zeros) : -1]}"
    return groups[1:-1]


_ZEROS = tuple(":" + "0:" * groups for groups in range(8, 1, -1))  # the longest run of zeros is omitted
_LENGTHS = {version: {str(length): length for length in range(bits + 1)} for version, bits in BITS.items()}
_OCTETS = {str(octet): octet for octet in range(256)}
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


@lru_cache(maxsize=4096)  # a network is read from the file and again from the module made of it
def parse_network(text: str) -> Network:
    """Read `10.0.0.0/24`, `10.0.0.2`, `2001:db8::/32` or `2001:db8::53`; an address alone is a network with one address.

    Raises `AddressError` for anything else, host bits included.
    """
    address, slash, length = text.partition("/")
    version: Version = 6 if ":" in address else 4
    bits = BITS[version]
    try:
        number = _ipv6(address) if version == 6 else _ipv4(address)
    except (KeyError, ValueError):
        raise AddressError(*_why_no_address(text, address)) from None
    if not slash:
        return _unmapped(text, Network(version, number, bits))
    prefix = _LENGTHS[version].get(length)
    if prefix is None:
        raise AddressError(
            f"{text!r} has the prefix length {length!r}, which IPv{version} does not have.",
            f"Write a whole number from 0 to {bits} after the slash, without leading zeros.",
        )
    host_bits = number & ((1 << (bits - prefix)) - 1)
    if host_bits:
        network = Network(version, number - host_bits, prefix)
        raise AddressError(
            f"{text!r} has host bits set: the network is {network}.",
            f"Write {network} for the whole network, or {address_text(version, number)} for one address.",
        )
    return _unmapped(text, Network(version, number, prefix))


def _ipv4(text: str) -> int:
    """The number of `10.0.0.2`. Raises KeyError or ValueError."""
    first, second, third, fourth = text.split(".")
    return _OCTETS[first] << 24 | _OCTETS[second] << 16 | _OCTETS[third] << 8 | _OCTETS[fourth]


def _ipv6(text: str) -> int:
    """The number of any text of RFC 4291 section 2.2. Raises KeyError or ValueError."""
    head, double, tail = text.partition("::")
    if "." in text:  # the last 32 bits are written as in IPv4
        rest, _, dotted = text.rpartition(":")
        number = _ipv4(dotted)
        return _ipv6(f"{rest}:{number >> 16:x}:{number & 0xFFFF:x}")
    before, after = (part.split(":") if part else [] for part in (head, tail))
    missing = 8 - len(before) - len(after)
    if (missing < 1) if double else missing:
        raise ValueError(text)
    number = 0
    for group in (*before, *("0" for _ in range(missing)), *after):
        if len(group) > 4 or not _HEXADECIMAL.issuperset(group):
            raise ValueError(text)
        number = number << 16 | int(group, 16)
    return number


def _unmapped(text: str, network: Network) -> Network:
    """Refuse IPv4-mapped networks (RFC 4291 section 2.5.5.2), which no packet has."""
    if network.version == 6 and network.prefix >= 96 and network.first >> 32 == 0xFFFF:
        plain = Network(4, network.first & 0xFFFFFFFF, network.prefix - 96)
        raise AddressError(f"{text!r} is an IPv4-mapped IPv6 address, which no packet has.", f"Write {plain}.")
    return network


def _why_no_address(text: str, address: str) -> tuple[str, str]:
    if "%" in address:
        return f"{text!r} has a zone, which is only valid on one machine.", "Remove the % and the text after it."
    octets = address.split(".")
    if len(octets) == 4 and all(octet.isascii() and octet.isdigit() for octet in octets):
        if any(len(octet) > 1 and octet[0] == "0" for octet in octets):
            plain = ".".join(str(int(octet)) for octet in octets)
            return f"{text!r} has a leading zero, which some programs read as octal.", f"Did you mean {plain!r}?"
        return f"{text!r} has a number over 255.", "Write four numbers from 0 to 255 with dots between them."
    if "-" in text:
        return f"{text!r} is a range of addresses.", "List the networks of the range."
    return (
        f"{text!r} is not an IPv4 or IPv6 network.",
        "Write one like 10.0.0.0/24, 10.0.0.2, 2001:db8::/32 or 2001:db8::53.",
    )


def networks_between(version: Version, first: int, last: int) -> Iterator[Network]:
    """The fewest networks with exactly the addresses from `first` to `last`, in order."""
    bits = BITS[version]
    while first <= last:
        size = min((first & -first).bit_length() - 1 if first else bits, (last - first + 1).bit_length() - 1)
        yield Network(version, first, bits - size)
        first += 1 << size
