"""The user's file to a `Deployment`: every key known, every value checked, and every problem told at once.

Two files that say the same give equal deployments, places aside, whatever their order. Nothing but the file, and the
catalogue that it names, is looked at: no clock, no environment, no network.
"""

from __future__ import annotations

from collections.abc import Mapping

from esacloud.catalogue.model import Catalogue
from esacloud.deployment.cloud_settings import read_clouds
from esacloud.deployment.digest import digest_of
from esacloud.deployment.document import MappingNode, Node
from esacloud.deployment.fields import (
    read_entries,
    read_name,
    read_own_networks,
    read_release_key,
    read_versions,
)
from esacloud.deployment.hostnames import read_firewall, read_hostnames
from esacloud.deployment.interfaces import read_interfaces
from esacloud.deployment.model import Deployment
from esacloud.deployment.peers import PeerReader
from esacloud.deployment.reader import Reader
from esacloud.deployment.refusals import Dialects
from esacloud.deployment.source import read_source
from esacloud.deployment.waivers import read_waivers
from esacloud.errors import InputError, one_of

KEYS = (
    "name",
    "catalogue",
    "cloud",
    "interfaces",
    "peers",
    "families",
    "hostnames",
    "firewall",
    "own_networks",
    "as_printed",
    "wider",
    "waivers",
)


def read(path: str, dialects: Dialects, text: str | None = None, catalogue: Catalogue | None = None) -> Deployment:
    """Read a deployment file.

    `dialects` are all clouds that a file may name; each is looked up only when it is needed, so a mapping may load it then.
    With `text` given the file is not opened, and `path` only serves messages and relative paths. `catalogue` stands in for
    the one that comes with this package; a catalogue that the file names comes before both.
    Raises InputError with every problem found.
    """
    reader = Reader(path, read_source(path) if text is None else text)
    if not isinstance(reader.root, MappingNode):
        reader.mapping(reader.root, "", KEYS)
        raise InputError(*reader.problems)
    catalogue = _catalogue(reader, reader.root, catalogue)
    fields = reader.mapping(reader.root, "", (*KEYS, catalogue.release_key))
    deployment = _deployment(reader, fields, catalogue, dialects)
    if deployment is None:
        raise InputError(*sorted(reader.problems, key=lambda problem: (problem.place.line or 0, problem.place.column or 0)))
    return deployment


def _deployment(reader: Reader, fields: Mapping[str, Node], catalogue: Catalogue, dialects: Dialects) -> Deployment | None:
    """The deployment, or None where there is any problem that is not a warning."""
    name, release = read_name(reader, fields), read_release_key(reader, fields, catalogue)
    versions = read_versions(reader, fields)
    if "cloud" in fields:
        clouds, named = read_clouds(reader, fields["cloud"], "cloud", dialects, catalogue.interfaces)
    else:
        clouds, named = {}, {}
        reader.missing(reader.root, "cloud", f"Add `cloud:` with {one_of(sorted(dialects))} under it.")
    peer_reader = PeerReader(reader, catalogue, named, dialects, versions)
    peers = peer_reader.peers(fields["peers"], "peers") if "peers" in fields else {}
    if "interfaces" in fields:
        interfaces = read_interfaces(reader, fields["interfaces"], "interfaces", catalogue, peer_reader)
    else:
        interfaces = ()
        known = one_of(tuple(catalogue.interfaces))
        reader.missing(reader.root, "interfaces", f"Add `interfaces:` with {known} and the features that it serves.")
    used = {use.feature for interface in interfaces for use in interface.features}
    hostnames, hostnames_of = read_hostnames(reader, fields, catalogue.features, used)
    firewall = read_firewall(reader, fields, peer_reader)
    own_networks = read_own_networks(reader, fields)
    as_printed, wider = read_entries(reader, fields, catalogue)
    waivers = read_waivers(reader, fields["waivers"], "waivers") if "waivers" in fields else ()
    if name is None or release is None or any(problem.severity == "error" for problem in reader.problems):
        return None
    plain = {
        "name": name,
        "release": release,
        "catalogue": catalogue.digest,
        "hostnames": [hostnames, hostnames_of] if hostnames_of else hostnames,
        "families": versions,
        "own_networks": own_networks,
        "as_printed": as_printed,
        "wider": wider,
    }
    return Deployment(
        name=name,
        catalogue=catalogue,
        release=release,
        clouds=clouds,
        interfaces=interfaces,
        peers=peers,
        hostnames=hostnames,
        versions=versions,
        as_printed=as_printed,
        wider=wider,
        waivers=waivers,
        digest=digest_of(plain, clouds, interfaces, {**peers, "(firewall)": firewall} if firewall else peers, waivers),
        place=reader.place(reader.root, ""),
        warnings=tuple(reader.problems),
        own_networks=own_networks,
        hostnames_of=hostnames_of,
        firewall=firewall,
    )


def _catalogue(reader: Reader, root: MappingNode, given: Catalogue | None) -> Catalogue:
    named = next((value for key, value in root.value if key.value == "catalogue"), None)
    if named is None and given is not None:
        return given
    from esacloud.catalogue.load import load

    if named is None:
        return load()
    path = reader.text(named, "catalogue", "Write the path of a catalogue file, seen from this file.")
    if path is None:
        raise InputError(*reader.problems)
    try:
        from pathlib import Path  # few files name a catalogue

        return load(str(Path(reader.file).parent / path))
    except InputError as error:
        reader.note(named, "catalogue", f"The catalogue {path!r} cannot be used.", "Mend what is said about it here.")
        raise InputError(*reader.problems, *error.problems) from None
