"""The JSON Schema of the deployment file, made from a catalogue and the clouds' dialects, for editors to complete from.

It accepts everything that `read` accepts; what it refuses, `read` refuses too, in better words and with more reasons. So it
never has to be asked before a file is read, and `read` does not need it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from esacloud.catalogue.model import Catalogue, Feature
from esacloud.deployment import waivers
from esacloud.deployment.hostnames import DEFAULT, HOSTNAME_MODES
from esacloud.deployment.interfaces import PEERS
from esacloud.deployment.model import Dialect
from esacloud.deployment.names import DATE, NAME, WAIVER_CODE, known_releases
from esacloud.deployment.reader import is_number
from esacloud.deployment.schema_parts import (
    NETWORK,
    Schema,
    closed,
    cloud_settings,
    item_definitions,
    listing,
    one_line,
    reference,
)
from esacloud.deployment.schema_parts import words as words_of

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def deployment_schema(catalogue: Catalogue, dialects: Mapping[str, Dialect]) -> Schema:
    """The schema, as a JSON value in a fixed order: the same input gives the same bytes."""
    clouds = {name: dialects[name] for name in sorted(dialects)}
    properties: dict[str, Schema] = {
        "name": {
            "description": "The name of this gateway; the resources' names hold it.",
            "type": "string",
            "pattern": NAME,
        },
        catalogue.release_key: _release(catalogue),
        "catalogue": {"description": "The path of another catalogue, seen from this file.", "type": "string"},
        "cloud": closed(
            "The clouds to make rules for.",
            {name: cloud_settings(dialect, tuple(catalogue.interfaces)) for name, dialect in clouds.items()},
            minProperties=1,
        ),
        "interfaces": closed(
            "What each network interface serves.",
            {name: {"description": title.en, **reference("features")} for name, title in catalogue.interfaces.items()},
            minProperties=1,
        ),
        "peers": {"description": "Who plays which role, for every feature.", **reference("peers")},
        "families": listing(
            "The address families that are used; both where this is left out.",
            {"enum": ["ipv4", "ipv6"]},
            minItems=1,
            uniqueItems=True,
        ),
        "hostnames": _hostnames(catalogue),
        "firewall": {"description": "Where packets to filtered host names go.", **reference("peer")},
        "own_networks": listing("The gateway's own subnets.", {"type": "string", "pattern": NETWORK}),
        "as_printed": _entries(
            "Entries whose inbound half, which the table prints, is opened too.",
            {entry.id: entry.purpose.en for entry in catalogue.entries if entry.prints_inbound},
        ),
        "wider": _entries(
            "Entries that may be opened wider where a cloud cannot say them exactly.",
            {entry.id: entry.purpose.en for entry in catalogue.entries},
        ),
        "waivers": listing("Findings of guardrails that are accepted.", _waiver()),
    }
    required = ["name", catalogue.release_key, "cloud", "interfaces"]
    return {
        "$schema": _DIALECT,
        "title": f"Deployment of {catalogue.title.en}",
        **closed("One gateway and its surroundings, for esacloud.", properties, required=required),
        "$defs": _definitions(catalogue, clouds),
    }


def _release(catalogue: Catalogue) -> Schema:
    known = known_releases(catalogue)
    release = "|".join(text.replace(".", r"\.") for text in known)
    numbers = [float(text) for text in known if is_number(text)]
    return {
        "description": "The release of the appliance, in quotes, or a patch release of it.",
        "anyOf": [
            {"enum": list(known)},
            {"type": "string", "pattern": rf"^({release})(\.[0-9]+)*(-[0-9]+)?$"},
            *([{"enum": numbers}] if numbers else []),
        ],
    }


def _hostnames(catalogue: Catalogue) -> Schema:
    by_feature = dict.fromkeys((DEFAULT, *catalogue.features), reference("way"))
    return {
        "description": "How host names become addresses, for all features or for each.",
        "anyOf": [
            reference("way"),
            closed("The way of each feature; `default` is that of the others.", by_feature),
        ],
    }


def _entries(description: str, entries: Mapping[str, str]) -> Schema:
    if not entries:
        return listing(description, {}, maxItems=0)
    return listing(description, {"anyOf": words_of(entries)}, uniqueItems=True)


def _waiver() -> Schema:
    return closed(
        "A finding that is accepted.",
        {
            "code": {"description": "The code of the finding.", "type": "string", "pattern": WAIVER_CODE},
            "peer": one_line("The network or peer that the finding names.", waivers.LONGEST_PEER),
            "reason": one_line("Why it is accepted.", waivers.LONGEST_REASON),
            "until": {"description": "The last day on which it is accepted.", "type": "string", "pattern": DATE},
        },
        required=list(waivers.KEYS),
    )


def _definitions(catalogue: Catalogue, clouds: Mapping[str, Dialect]) -> Schema:
    features = catalogue.features.values()
    bare = {feature.name: feature.title.en for feature in features if not _required(feature)}
    by_name = {feature.name: _use(feature) for feature in features}
    return {
        "features": {
            "anyOf": [
                listing(
                    "Features, each by its name or with its settings.",
                    {
                        "anyOf": [
                            *words_of(bare),
                            closed("A feature with its settings.", by_name, minProperties=1, maxProperties=1),
                        ]
                    },
                    uniqueItems=True,
                ),
                closed("Features with their settings.", by_name),
            ]
        },
        "peers": closed(
            "Who plays which role.",
            {role.name: {"description": role.title.en, **reference("peer")} for role in catalogue.roles.values()},
        ),
        "peer": {"anyOf": [reference("item"), {"type": "array", "items": reference("item"), "minItems": 1}]},
        "way": {"anyOf": words_of(HOSTNAME_MODES)},
        **item_definitions(clouds),
    }


def _required(feature: Feature) -> list[str]:
    return [setting.name for setting in feature.settings.values() if setting.default is None]


def _use(feature: Feature) -> Schema:
    properties: dict[str, Schema] = {}
    for setting in feature.settings.values():
        properties[setting.name] = {"description": setting.title.en, "enum": _spellings(setting.choices)}
        if setting.default is not None:
            properties[setting.name]["default"] = setting.default
    properties[PEERS] = {"description": "Peers for this use of the feature alone.", **reference("peers")}
    needed = _required(feature)
    extra: dict[str, Any] = {"required": needed} if needed else {}
    use = closed(feature.title.en, properties, **extra)
    return use if needed else {**use, "type": ["object", "null"]}


def _spellings(choices: Iterable[str]) -> list[str | int | float]:
    """The choices as texts, and as numbers where YAML reads them so."""
    listed: list[str | int | float] = []
    for choice in choices:
        listed.append(choice)
        if is_number(choice):
            listed.append(int(choice) if choice.isdigit() else float(choice))
    return listed
