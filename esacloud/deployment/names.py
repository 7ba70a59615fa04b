"""Patterns of names, host names, releases and dates for editors, and the checks that explain what is wrong with a text."""

from __future__ import annotations

import re

from esacloud.catalogue.model import Catalogue, Release, release_text
from esacloud.errors import one_of
from esacloud.packets.addresses import AddressError, parse_network

NAME = r"^(?!sg-)[a-z][a-z0-9-]{0,62}$"
LONGEST_HOSTNAME = 253  # RFC 1035 section 2.3.4, in characters and without the dot of the root
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOSTNAME = rf"^(?=.{{1,{LONGEST_HOSTNAME}}}\.?$)({_LABEL}\.)+(?![0-9]+\.?$){_LABEL}\.?$"
RELEASE = r"^(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3})){0,5}(-[0-9]{1,6})?$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
WAIVER_CODE = r"^ESA[0-9]{3}$"
NETWORK = r"^[0-9A-Fa-f:.]*[:.][0-9A-Fa-f:.]*(/[0-9]{1,3})?$"  # wide on purpose: `parse_network` checks the rest

Refusal = tuple[str, str]  # what is wrong, what to write instead


def fits(pattern: str, text: str) -> bool:
    """Whether the whole text fits a pattern that is written for JSON Schema."""
    return re.fullmatch(pattern, text) is not None


def name_refusal(text: str) -> Refusal | None:
    """Why a text cannot be the name of a deployment."""
    if fits(NAME, text):
        return None
    if text.startswith("sg-"):
        return f"The name {text!r} starts with `sg-`, which AWS reserves for IDs.", "Choose another name."
    meant = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63]
    hint = f"Write {meant}." if fits(NAME, meant) else "Write one like mail-edge-1."
    return f"The name {text!r} is not 1 to 63 lowercase letters, digits and hyphens, starting with a letter.", hint


def hostname_refusal(text: str) -> Refusal | None:
    """Why a text is not a fully qualified host name (RFC 1123 section 2.1)."""
    if fits(HOSTNAME, text):
        return None
    if "://" in text:
        host = re.split("[:/?#]", text.split("://", 1)[1])[0]
        return (f"{text!r} is a URL.", f"Write the host name only{f': {host}' if _can_be_shown(host) else ''}.")
    if "*" in text:
        return f"{text!r} is a pattern, which no cloud's rule can contain.", "List the host names."
    host, colon, port = text.partition(":")
    if colon and port.isdigit():
        hint = f"Write {host}." if _can_be_shown(host) else "Write the host name only."
        return f"{text!r} contains a port; ports come from the port table.", hint
    if len(text) > LONGEST_HOSTNAME:
        return f"The host name is longer than {LONGEST_HOSTNAME} characters.", "Write the name as it is in DNS."
    if "." not in text.rstrip("."):
        return f"{text!r} is not fully qualified.", "Write the full name, as ntp.example.com."
    return (
        f"{text!r} is not a host name (RFC 1123).",
        "Write labels of 1 to 63 letters, digits and inner hyphens, with dots between them.",
    )


def _can_be_shown(host: str) -> bool:
    """Whether a part of the user's text can stand in a hint: not empty, and without control characters."""
    return host != "" and host.isprintable()


def read_release(text: str, catalogue: Catalogue) -> Release | None:
    """The known release that `15.5`, `15.5.3` or `15.5.1-055` belongs to: a patch release counts as its family."""
    if not fits(RELEASE, text):
        return None
    release = tuple(map(int, text.partition("-")[0].split(".")))
    families = [known for known in catalogue.releases if release[: len(known)] == known]
    return max(families, key=len, default=None)


def release_pattern(releases: tuple[str, ...]) -> str:
    """The pattern of these releases and of their patch releases."""
    families = "|".join(text.replace(".", r"\.") for text in releases)
    return rf"^({families})(\.[0-9]+)*(-[0-9]+)?$"


def release_refusal(text: str, catalogue: Catalogue) -> Refusal | None:
    """Why a text is not a release that the catalogue knows."""
    if read_release(text, catalogue) is not None:
        return None
    message = f"The release {text!r} is unknown to the catalogue {catalogue.name}."
    return message, f"Write {one_of(known_releases(catalogue))}, or a patch release of one of them."


def known_releases(catalogue: Catalogue) -> tuple[str, ...]:
    """The releases as text, ascending."""
    return tuple(map(release_text, catalogue.releases))


def date_refusal(text: str) -> Refusal | None:
    """Why a text is not a day of the calendar."""
    from datetime import date  # only files with waivers need it

    if fits(DATE, text):
        try:
            date.fromisoformat(text)
        except ValueError:
            return f"The day {text} does not exist.", "Write a day of the calendar, as 2027-03-31."
        return None
    return f"{text!r} is not a date.", "Write year, month and day, as 2027-03-31."


def code_refusal(text: str) -> Refusal | None:
    """Why a text is not the code of a finding. Whether a guardrail has the code is checked with the policy."""
    if fits(WAIVER_CODE, text):
        return None
    return f"{text!r} is not the code of a finding.", "Write ESA and three digits, as ESA003."


def peer_refusal(text: str) -> Refusal | None:
    """Why a text cannot be what a finding names: a network is written in full, anything else is a name."""
    try:
        parse_network(text)
    except AddressError as error:
        return (error.message, error.hint) if "/" in text else None
    return None
