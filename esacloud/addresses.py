"""IPv4 and IPv6 networks as numbers: strict to read, canonical to write.

A `Network` is an immutable triple, made for sets of many thousands. Reading refuses host bits, leading zeros, zone
identifiers and short forms, because each of them hides a mistake in a firewall rule. Text is the canonical form of
RFC 5952, which is also how EC2 and Azure print it.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

Version = Literal[4, 6]
BITS = {4: 32, 6: 128}


class AddressError(ValueError):
    """A text that is no network. `what` says why, `mend` what to write instead; both are whole sentences."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what} {mend}")
        self.what, self.mend = what, mend


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


@lru_cache(maxsize=65536)
def _text(network: Network) -> str:
    return f"{address_text(network.version, network.first)}/{network.prefix}"


def address_text(version: Version, number: int) -> str:
    """The canonical text of one address, without a prefix length."""
    if version == 4:
        return socket.inet_ntop(socket.AF_INET, number.to_bytes(4, "big"))
    from ipaddress import IPv6Address  # inet_ntop prints some addresses in a mixed form, RFC 5952 section 5

    return str(IPv6Address(number))


def parse_network(text: str) -> Network:
    """Read `10.0.0.0/24`, `10.0.0.2`, `2001:db8::/32` or `2001:db8::53`; an address alone is a network of one.

    Raises `AddressError` for anything else, host bits included.
    """
    address, slash, length = text.partition("/")
    version: Version = 6 if ":" in address else 4
    bits = BITS[version]
    try:
        number = int.from_bytes(socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET, address), "big")
    except (OSError, ValueError):  # ValueError: a NUL byte or text that does not encode
        raise AddressError(*_why_no_address(text, address)) from None
    if not slash:
        return _unmapped(text, Network(version, number, bits))
    if not (
        length.isascii() and length.isdigit() and len(length) <= 3 and str(int(length)) == length and int(length) <= bits
    ):
        raise AddressError(
            f"{text!r} has the prefix length {length!r}, which IPv{version} does not have.",
            f"Write a whole number from 0 to {bits} after the slash, without leading zeros.",
        )
    prefix = int(length)
    host_bits = number & ((1 << (bits - prefix)) - 1)
    if host_bits:
        network = Network(version, number - host_bits, prefix)
        raise AddressError(
            f"{text!r} has host bits set: the network that holds it is {network}.",
            f"Write {network} for the whole network, or {address_text(version, number)} for the one address.",
        )
    return _unmapped(text, Network(version, number, prefix))


def _unmapped(text: str, network: Network) -> Network:
    """Refuse IPv4-mapped networks (RFC 4291 section 2.5.5.2): never on the wire, such a rule matches nothing."""
    if network.version == 6 and network.prefix >= 96 and network.first >> 32 == 0xFFFF:
        plain = Network(4, network.first & 0xFFFFFFFF, network.prefix - 96)
        raise AddressError(
            f"{text!r} is an IPv4 address in the clothes of IPv6, which no packet carries.", f"Write {plain}."
        )
    return network


def _why_no_address(text: str, address: str) -> tuple[str, str]:
    if "%" in address:
        return f"{text!r} names a zone, which only means something on one machine.", "Leave out the % and what follows it."
    octets = address.split(".")
    if len(octets) == 4 and all(octet.isascii() and octet.isdigit() for octet in octets):
        if any(len(octet) > 1 and octet[0] == "0" for octet in octets):
            plain = ".".join(str(int(octet)) for octet in octets)
            return f"{text!r} has a leading zero, which some programs read as octal.", f"Write {plain} if that is meant."
        return f"{text!r} has a number over 255.", "Write four numbers from 0 to 255 with dots between them."
    if "-" in text:
        return f"{text!r} is a range of addresses.", "Write the networks that make it up, one by one."
    return f"{text!r} is no IPv4 or IPv6 network.", "Write one like 10.0.0.0/24, 10.0.0.2, 2001:db8::/32 or 2001:db8::53."


def networks_between(version: Version, first: int, last: int) -> Iterator[Network]:
    """The fewest networks that hold exactly the addresses from `first` to `last`, in order."""
    bits = BITS[version]
    while first <= last:
        size = min((first & -first).bit_length() - 1 if first else bits, (last - first + 1).bit_length() - 1)
        yield Network(version, first, bits - size)
        first += 1 << size
