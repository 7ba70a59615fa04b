"""The settings, tags and quotas under `cloud.<name>`, as the cloud's dialect defines them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from esacloud.deployment.document import MappingNode, Node
from esacloud.deployment.model import CloudSettings, Dialect, Dialects, TagKeys
from esacloud.deployment.reader import Reader, join
from esacloud.deployment.specification import Key, cloud_keys


def read_clouds(
    reader: Reader, node: Node | None, path: str, known: Dialects, interfaces: tuple[str, ...]
) -> tuple[dict[str, CloudSettings], dict[str, Dialect]]:
    """Settings and dialect of each cloud that the file names, in alphabetical order.

    `interfaces` are the names that may stand under `cloud.<name>.interfaces`.
    """
    fields = reader.mapping(node, path, known, "cloud") if node is not None else {}
    if isinstance(node, MappingNode) and not node.value:
        hint = f"Write one of these under `cloud`: {', '.join(sorted(known))}."
        reader.note(node, path, "The file names no cloud.", hint)
    dialects = {cloud: known[cloud] for cloud in sorted(fields)}
    settings = {
        cloud: _settings(reader, fields[cloud], join(path, cloud), dialect, interfaces)
        for cloud, dialect in dialects.items()
    }
    return settings, dialects


def _settings(reader: Reader, node: Node, path: str, dialect: Dialect, interfaces: tuple[str, ...]) -> CloudSettings:
    keys = {key.name: key for key in cloud_keys(dialect, interfaces)}
    nodes = reader.nodes(keys.values(), node, path)
    values: dict[str, Any] = {"tags": {}, "quotas": {}, "interfaces": {}}
    for name, value in nodes.items():
        inside = join(path, name)
        if name == "tags" and dialect.tags:
            values[name] = _tags(reader, dialect.tags, value, inside, dialect.title)
        elif name == "interfaces":
            values[name] = _interfaces(reader, keys[name], value, inside)
        else:
            values[name] = reader.value(keys[name], value, inside)
    if "quotas" in nodes and dialect.check_quotas:
        defaults = {name: default for name, (default, _, _) in dialect.quotas.items()}
        if refusal := dialect.check_quotas({**defaults, **values["quotas"]}):
            reader.note(nodes["quotas"], join(path, "quotas"), *refusal)
    return CloudSettings(
        name=dialect.cloud,
        values={name: values[name] for name in dialect.settings if values.get(name) is not None},
        tags=values["tags"],
        quotas=dict(sorted(values["quotas"].items())),
        place=reader.place(node, path),
        interfaces=values["interfaces"],
    )


def _interfaces(reader: Reader, key: Key, node: Node, path: str) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """The ids of each interface by key, sorted; an id that the file repeats is noted."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    first: dict[str, str] = {}  # id -> where it stands
    keys_of = {interface.name: interface.keys for interface in key.keys}
    for name, settings in reader.nodes(key.keys, node, path, key.noun).items():
        inside, keys = join(path, name), {each.name: each for each in keys_of[name]}
        found[name] = {}
        for setting, value in reader.nodes(keys_of[name], settings, inside).items():
            ids = reader.texts(keys[setting], value, join(inside, setting))
            for item, place, text in ids:
                if text in first:
                    reader.note(item, place, f"{text} is used here and at {first[text]}.", "Remove one of them.")
                first.setdefault(text, place)
            found[name][setting] = tuple(sorted(text for _, _, text in ids))
    return dict(sorted(found.items()))


def _tags(reader: Reader, rules: TagKeys, node: Node, path: str, cloud: str) -> dict[str, str]:
    tags = {}
    entries = reader.any_mapping(node, path)
    if len(entries) > rules.most:
        message = f"There are {len(entries)} tags, and {cloud} accepts {rules.most}."
        reader.note(node, path, message, f"Remove {len(entries) - rules.most} of them.")
    for key_node, name, value_node in entries:
        inside = join(path, name)
        value = reader.scalar(value_node, inside, 'Write a text, or "" for an empty one.')
        for place, text, rule in ((key_node, name, rules.key), (value_node, value, rules.value)):
            if text is not None and (refusal := rule.check(text)):
                reader.note(place, inside, *refusal)
        if value is not None:
            tags[name] = value
    return dict(sorted(tags.items()))
