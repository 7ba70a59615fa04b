"""The pieces that the schema of the deployment file is put together from: lists, closed mappings, peers' items, clouds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from esacloud.deployment.cloud_settings import takes_booleans
from esacloud.deployment.model import Dialect, InterfaceKey, ReferenceKind, SettingKey
from esacloud.deployment.names import HOSTNAME
from esacloud.deployment.peers import LONGEST_NOTE, RANGES, RANGES_KEYS

Schema = dict[str, Any]

NETWORK = r"^[0-9A-Fa-f:.]*[:.][0-9A-Fa-f:.]*(/[0-9]{1,3})?$"  # wide on purpose: `addresses.py` knows the rest


def reference(name: str) -> Schema:
    """A reference to a definition of this schema."""
    return {"$ref": f"#/$defs/{name}"}


def closed(description: str, properties: Mapping[str, Schema], **more: Any) -> Schema:
    """A mapping with these keys and no other."""
    return {
        "description": description,
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
        **more,
    }


def listing(description: str, items: Schema, **more: Any) -> Schema:
    """A list."""
    return {"description": description, "type": "array", "items": items, **more}


def one_line(description: str, longest: int) -> Schema:
    """A text for people."""
    return {"description": description, "type": "string", "minLength": 1, "maxLength": longest}


def words(names: Mapping[str, str]) -> list[Schema]:
    """Fixed words, each with what it means, which editors show beside it."""
    return [{"const": name, "description": meaning} for name, meaning in names.items()]


def item_definitions(clouds: Mapping[str, Dialect]) -> Schema:
    """`item`, what a peer may hold, and for each cloud `item-for-<cloud>`, what may stand under its name."""
    per_cloud = {}
    for name, dialect in clouds.items():
        item = reference(f"item-for-{name}")
        per_cloud[name] = {
            "description": f"What holds on {dialect.title} alone.",
            "anyOf": [item, {"type": "array", "items": item}],
        }
    every = [kind for dialect in clouds.values() for kind in dialect.references]
    chooser = closed("An item for each cloud.", per_cloud, minProperties=1)
    definitions = {"item": {"anyOf": [*_forms(every), chooser]}}
    for name, dialect in clouds.items():
        definitions[f"item-for-{name}"] = {"anyOf": _forms(dialect.references)}
    return definitions


def _forms(kinds: Iterable[ReferenceKind]) -> list[Schema]:
    note = one_line("What the item is.", LONGEST_NOTE)
    network = {"description": "A network or an address.", "type": "string", "pattern": NETWORK}
    hostname = {"description": "A full host name.", "type": "string", "pattern": HOSTNAME}
    forms: list[Schema] = [
        *words({"any": "Every address of the families in use.", "self": "The other members that carry the same group."}),
        network,
        hostname,
        closed("A network, with a note.", {"network": network, "note": note}, required=["network"]),
        closed("A host name, with a note.", {"hostname": hostname, "note": note}, required=["hostname"]),
    ]
    texts = {name: one_line(hint, LONGEST_NOTE) for name, hint in RANGES_KEYS.items()}
    forms.append(closed("The networks of a service in a file of published ranges.", texts, required=[RANGES, "service"]))
    for kind in kinds:
        title = kind.title[:1].upper() + kind.title[1:]
        ids = {"description": f"{title}.", "type": "string", "pattern": kind.pattern}
        if kind.shorthand:
            forms.append({**ids, "pattern": kind.shorthand})
        properties: Schema = {kind.kind: ids}
        required = [kind.kind]
        if kind.size_key:
            low, high = kind.sizes
            size = {"description": "The most entries that it may hold.", "type": "integer", "minimum": low, "maximum": high}
            properties[kind.size_key] = size
            required.append(kind.size_key)
        if kind.has_version:
            properties["family"] = {"description": "Its address family.", "enum": ["ipv4", "ipv6"]}
        forms.append(closed(f"{title}, with a note.", {**properties, "note": note}, required=required))
    return forms


def cloud_settings(dialect: Dialect, interfaces: Iterable[str] = ()) -> Schema:
    """What may stand under `cloud.<name>`."""
    properties = {name: _text(setting) for name, setting in dialect.settings.items()}
    if dialect.tags:
        properties["tags"] = {
            "description": "Tags of every resource.",
            "type": "object",
            "propertyNames": {"pattern": dialect.tags.key.pattern},
            "additionalProperties": {
                "type": ["string", "number", "boolean"],
                "pattern": dialect.tags.value.pattern,
            },
            "maxProperties": dialect.tags.most,
        }
    properties["quotas"] = closed(
        f"Quotas of this account, where they differ from those that {dialect.title} starts with.",
        {
            name: {"description": f"{default} where left out.", "type": "integer", "minimum": low, "maximum": high}
            for name, (default, low, high) in dialect.quotas.items()
        },
    )
    if dialect.interface_settings:
        keys = {name: _ids(key) for name, key in dialect.interface_settings.items()}
        one = closed("What the groups of this interface are attached to.", keys)
        properties["interfaces"] = closed("For plan and apply: where the groups go.", dict.fromkeys(interfaces, one))
    required = [name for name, setting in dialect.settings.items() if setting.required]
    return closed(f"Settings for {dialect.title}.", properties, required=required)


def _ids(key: InterfaceKey) -> Schema:
    if not key.many:
        return _text(key.setting)
    described = _text(key.setting)
    return listing(described.pop("description"), described, uniqueItems=True)


def _text(setting: SettingKey) -> Schema:
    return {
        "description": setting.title[:1].upper() + setting.title[1:] + ".",
        "type": ["string", "boolean"] if takes_booleans(setting) else "string",
        "pattern": setting.pattern,
    }
