"""What the file says under `cloud`: for each cloud the settings, tags and quotas that its dialect knows."""

from __future__ import annotations

from collections.abc import Collection

from esacloud.deployment.document import MappingNode, Node
from esacloud.deployment.model import CloudSettings, Dialect, SettingKey
from esacloud.deployment.reader import Reader, join
from esacloud.deployment.refusals import Dialects

INTERFACES = "interfaces"


def read_clouds(
    reader: Reader, node: Node, key: str, known: Dialects, interfaces: Collection[str] = ()
) -> tuple[dict[str, CloudSettings], dict[str, Dialect]]:
    """Settings and dialect of each cloud that the file names, in order of the alphabet.

    `interfaces` are the names that may stand under `cloud.<name>.interfaces`.
    """
    fields = reader.mapping(node, key, known, "cloud")
    if isinstance(node, MappingNode) and not node.value:
        reader.note(node, key, "The file names no cloud.", f"Write one of these under `cloud`: {', '.join(sorted(known))}.")
    dialects = {cloud: known[cloud] for cloud in sorted(fields)}
    settings = {
        cloud: _settings(reader, fields[cloud], join(key, cloud), dialect, interfaces)
        for cloud, dialect in dialects.items()
    }
    return settings, dialects


def _settings(reader: Reader, node: Node, key: str, dialect: Dialect, interfaces: Collection[str]) -> CloudSettings:
    more = ("tags", "quotas") if dialect.tags else ("quotas",)
    live = (INTERFACES,) if dialect.interface_settings else ()
    fields = reader.mapping(node, key, (*dialect.settings, *more, *live))
    values: dict[str, str] = {}
    for name, setting in dialect.settings.items():
        inside = join(key, name)
        if name not in fields:
            if setting.required:
                example = dialect.example.get(name)
                reader.missing(node, inside, f"Add {setting.title}" + (f", as {name}: {example}." if example else "."))
        elif (text := _checked(reader, fields[name], inside, setting)) is not None:
            values[name] = text
    tags = _tags(reader, fields["tags"], join(key, "tags"), dialect) if "tags" in fields else {}
    quotas = _quotas(reader, fields["quotas"], join(key, "quotas"), dialect) if "quotas" in fields else {}
    placed = (
        _interfaces(reader, fields[INTERFACES], join(key, INTERFACES), dialect, interfaces) if INTERFACES in fields else {}
    )
    return CloudSettings(dialect.cloud, values, tags, quotas, reader.place(node, key), placed)


def _interfaces(
    reader: Reader, node: Node, key: str, dialect: Dialect, known: Collection[str]
) -> dict[str, dict[str, tuple[str, ...]]]:
    """For each interface the ids that its keys name, sorted; an id that stands twice is noted."""
    placed = {}
    taken: dict[str, str] = {}
    for name, settings in reader.mapping(node, key, known, "interface").items():
        inside = join(key, name)
        found: dict[str, tuple[str, ...]] = {}
        for setting, value in reader.mapping(settings, inside, dialect.interface_settings).items():
            rule, here = dialect.interface_settings[setting], join(inside, setting)
            hint = f"Write {rule.setting.title}."
            items = reader.items(value, here, hint) if rule.many else [value]
            ids = []
            for number, item in enumerate(items):
                place = f"{here}[{number}]" if rule.many else here
                text = _checked(reader, item, place, rule.setting)
                if text is None:
                    continue
                if text in taken:
                    reader.note(item, place, f"{text} stands here and at {taken[text]}.", "Take one of them out.")
                taken.setdefault(text, place)
                ids.append(text)
            found[setting] = tuple(sorted(ids))
        placed[name] = found
    return dict(sorted(placed.items()))


def takes_booleans(setting: SettingKey) -> bool:
    """Whether true and false are answers to the setting, which then need no quotes, and not merely words that fit it."""
    return setting.check("true") is None and setting.check("word") is not None


def _checked(reader: Reader, node: Node, key: str, setting: SettingKey) -> str | None:
    read = reader.scalar if takes_booleans(setting) else reader.text
    text = read(node, key, f"Write {setting.title}.")
    refusal = setting.check(text) if text is not None else None
    if refusal:
        reader.note(node, key, *refusal)
        return None
    return text


def _tags(reader: Reader, node: Node, key: str, dialect: Dialect) -> dict[str, str]:
    rules = dialect.tags
    assert rules is not None  # noqa: S101 - the key is only known where the dialect has tags
    tags = {}
    entries = reader.any_mapping(node, key)
    if len(entries) > rules.most:
        message = f"There are {len(entries)} tags, and {dialect.title} takes {rules.most}."
        reader.note(node, key, message, f"Take {len(entries) - rules.most} of them out.")
    for key_node, name, value_node in entries:
        inside = join(key, name)
        value = reader.scalar(value_node, inside, 'Write a text, or "" for none.')
        for place, text, rule in ((key_node, name, rules.key), (value_node, value, rules.value)):
            refusal = rule.check(text) if text is not None else None
            if refusal:
                reader.note(place, inside, *refusal)
        if value is not None:
            tags[name] = value
    return dict(sorted(tags.items()))


def _quotas(reader: Reader, node: Node, key: str, dialect: Dialect) -> dict[str, int]:
    quotas = {}
    for name, value in reader.mapping(node, key, dialect.quotas, "quota").items():
        _, low, high = dialect.quotas[name]
        number = reader.number(value, join(key, name), (low, high))
        if number is not None:
            quotas[name] = number
    if dialect.check_quotas:
        refusal = dialect.check_quotas(
            {name: quotas.get(name, default) for name, (default, _, _) in dialect.quotas.items()}
        )
        if refusal:
            reader.note(node, key, *refusal)
    return dict(sorted(quotas.items()))
