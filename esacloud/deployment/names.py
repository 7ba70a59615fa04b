"""What the name of a deployment, a host name, a release and a date look like: patterns for editors, checks with words."""

from __future__ import annotations

import re

from esacloud.catalogue.model import Catalogue, Release, release_text

NAME = r"^(?!sg-)[a-z][a-z0-9-]{0,62}$"
LONGEST_HOSTNAME = 253  # RFC 1035 section 2.3.4, in characters and without the dot of the root
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
HOSTNAME = rf"^(?=.{{1,{LONGEST_HOSTNAME}}}\.?$)({_LABEL}\.)+(?![0-9]+\.?$){_LABEL}\.?$"
RELEASE = r"^(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3})){0,5}(-[0-9]{1,6})?$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
WAIVER_CODE = r"^ESA[0-9]{3}$"

Refusal = tuple[str, str]  # what is wrong, what to write instead


def fits(pattern: str, text: str) -> bool:
    """Whether the whole text fits a pattern that is written for JSON Schema."""
    return re.fullmatch(pattern, text) is not None


def name_refusal(text: str) -> Refusal | None:
    """Why a text is no name of a deployment."""
    if fits(NAME, text):
        return None
    if text.startswith("sg-"):
        return f"The name {text!r} begins with `sg-`, which AWS keeps for ids.", "Choose another beginning."
    meant = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63]
    hint = f"Write {meant}." if fits(NAME, meant) else "Write one like mail-edge-1."
    return f"The name {text!r} is not 1 to 63 small letters, digits and hyphens, a letter first.", hint


def hostname_refusal(text: str) -> Refusal | None:
    """Why a text is no host name that a peer may have: RFC 1123 section 2.1, and fully qualified."""
    if fits(HOSTNAME, text):
        return None
    if "://" in text:
        host = re.split("[:/?#]", text.split("://", 1)[1])[0]
        return (
            f"{text!r} is the address of a page.",
            f"Write the host name alone{f': {host}' if _can_be_shown(host) else ''}.",
        )
    if "*" in text:
        return f"{text!r} is a pattern, and no cloud's rule can hold it.", "Write out the host names."
    host, colon, port = text.partition(":")
    if colon and port.isdigit():
        hint = f"Write {host}." if _can_be_shown(host) else "Write the host name alone."
        return f"{text!r} names a port, which only the port table does.", hint
    if len(text) > LONGEST_HOSTNAME:
        return f"The host name is longer than {LONGEST_HOSTNAME} characters.", "Write the name as the DNS has it."
    if "." not in text.rstrip("."):
        return f"{text!r} is not fully qualified.", "Write the whole name, as ntp.example.com."
    return (
        f"{text!r} is no host name (RFC 1123).",
        "Write labels of 1 to 63 letters, digits and inner hyphens, with dots between them.",
    )


def _can_be_shown(host: str) -> bool:
    """Whether a part of what the user wrote can stand in advice: not empty, and nothing that a terminal would act on."""
    return host != "" and host.isprintable()


def read_release(text: str, catalogue: Catalogue) -> Release | None:
    """The known release that `15.5`, `15.5.3` or `15.5.1-055` belongs to: a patch release counts as its family."""
    if not fits(RELEASE, text):
        return None
    release = tuple(map(int, text.partition("-")[0].split(".")))
    families = [known for known in catalogue.releases if release[: len(known)] == known]
    return max(families, key=len, default=None)


def known_releases(catalogue: Catalogue) -> tuple[str, ...]:
    """The releases as text, ascending."""
    return tuple(map(release_text, catalogue.releases))


def date_refusal(text: str) -> Refusal | None:
    """Why a text is no day of the calendar."""
    from datetime import date  # only files with waivers need it

    if fits(DATE, text):
        try:
            date.fromisoformat(text)
        except ValueError:
            return f"There is no day {text}.", "Write a day of the calendar, as 2027-03-31."
        return None
    return f"{text!r} is no date.", "Write year, month and day, as 2027-03-31."
