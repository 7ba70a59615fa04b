"""The single-valued keys of a deployment file: each is read here from the fields of the root, or noted as missing."""

from __future__ import annotations

from collections.abc import Mapping

from esacloud.catalogue.model import Catalogue, Release
from esacloud.deployment.document import Node
from esacloud.deployment.names import known_releases, name_refusal, read_release
from esacloud.deployment.reader import Reader
from esacloud.deployment.remotes import FAMILIES
from esacloud.errors import one_of
from esacloud.packets.addresses import AddressError, Network, Version, parse_network

Entries = tuple[str, ...]  # ids, in order of the alphabet


def read_name(reader: Reader, fields: Mapping[str, Node]) -> str | None:
    """The name of the deployment."""
    if "name" not in fields:
        reader.missing(reader.root, "name", "Add a name for this gateway, as name: mail-edge-1.")
        return None
    text = reader.text(fields["name"], "name", "Write a name for this gateway, as mail-edge-1.")
    refusal = name_refusal(text) if text is not None else None
    if refusal:
        reader.note(fields["name"], "name", *refusal)
    return text


def read_release_key(reader: Reader, fields: Mapping[str, Node], catalogue: Catalogue) -> Release | None:
    """The release of the appliance, under the key that the catalogue gives it."""
    key, known = catalogue.release_key, known_releases(catalogue)
    if key not in fields:
        reader.missing(reader.root, key, f'Add the release of the appliance, as {key}: "{known[-1]}".')
        return None
    text = reader.scalar(fields[key], key, f"Write {one_of(known)}.")
    release = read_release(text, catalogue) if text is not None else None
    if text is not None and release is None:
        message = f"The release {text!r} is unknown to the catalogue {catalogue.name}."
        reader.note(fields[key], key, message, f"Write {one_of(known)}, or a patch release of one of them.")
    return release


def read_versions(reader: Reader, fields: Mapping[str, Node]) -> tuple[Version, ...]:
    """The address families; both where the file does not say."""
    if "families" not in fields:
        return tuple(FAMILIES.values())
    names = reader.choices(fields["families"], "families", "family", FAMILIES)
    if fields["families"].value == []:
        reader.note(fields["families"], "families", "No address family is left.", "Write [ipv4], [ipv6] or [ipv4, ipv6].")
    return tuple(FAMILIES[name] for name in names if name in FAMILIES) or tuple(FAMILIES.values())


def read_own_networks(reader: Reader, fields: Mapping[str, Node]) -> tuple[Network, ...]:
    """The gateway's own subnets, ascending."""
    if "own_networks" not in fields:
        return ()
    networks = set()
    hint = "Write the gateway's own subnets, as [10.0.0.0/24]."
    for index, item in enumerate(reader.items(fields["own_networks"], "own_networks", hint)):
        key = f"own_networks[{index}]"
        text = reader.scalar(item, key, hint)
        try:
            networks.update([] if text is None else [parse_network(text)])
        except AddressError as error:
            reader.note(item, key, error.message, error.hint)
    return tuple(sorted(networks))


def read_entries(reader: Reader, fields: Mapping[str, Node], catalogue: Catalogue) -> tuple[Entries, Entries]:
    """The entries under `as_printed`, which have to print an inbound half, and those under `wider`."""
    if "as_printed" not in fields and "wider" not in fields:
        return (), ()
    every = {entry.id: entry for entry in catalogue.entries}
    wider = reader.choices(fields["wider"], "wider", "entry", every) if "wider" in fields else ()
    if "as_printed" not in fields:
        return (), wider

    def unfit(name: str) -> tuple[str, str] | None:
        if every[name].prints_inbound:
            return None
        printed = one_of([name for name, entry in every.items() if entry.prints_inbound])
        return f"The table prints no inbound half of {name} that is left out.", f"Take it out, or write {printed}."

    return reader.choices(fields["as_printed"], "as_printed", "entry", every, unfit), wider
