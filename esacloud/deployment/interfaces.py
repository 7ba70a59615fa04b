"""The interfaces of a file: which features each one serves, with which settings, and with peers of their own.

An interface is a list of feature names and one-key mappings `{feature: {setting: value}}`, or one mapping from features to
their settings. A setting that the file leaves out has the catalogue's default; one without a default is required.
"""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.catalogue.model import Catalogue, Feature
from esacloud.deployment.document import MappingNode, Node, ScalarNode, SequenceNode
from esacloud.deployment.model import FeatureUse, Interface, Peer
from esacloud.deployment.peers import PeerReader
from esacloud.deployment.reader import Reader, is_null, join
from esacloud.deployment.specification import feature_keys
from esacloud.errors import one_of


def read_interfaces(
    reader: Reader, node: Node | None, path: str, catalogue: Catalogue, peers: PeerReader
) -> tuple[Interface, ...]:
    """The interfaces in the catalogue's order, the features of each in alphabetical order."""
    fields = reader.mapping(node, path, catalogue.interfaces, "interface") if node is not None else {}
    if isinstance(node, MappingNode) and not node.value:
        hint = f"Write {one_of(tuple(catalogue.interfaces))} with its features."
        reader.note(node, path, "The file has no interface.", hint)
    interfaces = []
    for name in catalogue.interfaces:
        if name in fields:
            inside = join(path, name)
            uses = _uses(reader, fields[name], inside, catalogue, peers)
            uses.sort(key=lambda use: use.feature)
            interfaces.append(Interface(name, tuple(uses), reader.place(fields[name], inside)))
    return tuple(interfaces)


def _uses(reader: Reader, node: Node, path: str, catalogue: Catalogue, peers: PeerReader) -> list[FeatureUse]:
    uses: dict[str, FeatureUse] = {}
    for place, inside, name, settings in _named(reader, node, path):
        feature = catalogue.features.get(name)
        if feature is None:
            reader.unknown(place, inside, "feature", name, catalogue.features)
        elif name in uses:
            first = uses[name].place
            message = f"The feature {name} is repeated; the first is {first.key} in line {first.line}."
            reader.note(place, inside, message, "Remove one of them.")
        else:
            uses[name] = _use(reader, feature, place, inside, settings, peers)
    return list(uses.values())


def _named(reader: Reader, node: Node, path: str) -> Iterator[tuple[Node, str, str, Node | None]]:
    """Where each feature is named, its key and name, and its settings if there are any."""
    if isinstance(node, MappingNode):
        for name, settings in node.value:
            yield name, join(path, name.value), name.value, settings
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            inside = f"{path}[{index}]"
            if isinstance(item, ScalarNode):
                yield item, inside, item.value, None
            elif isinstance(item, MappingNode) and len(item.value) == 1:
                ((name, settings),) = item.value
                yield name, join(inside, name.value), name.value, settings
            else:
                message = (
                    f"Each item must be one feature, but this item {'has several keys' if item.value else 'is empty'}."
                )
                hint = "Write each feature as its own item, and indent its settings deeper than its name."
                reader.note(item, inside, message, hint)
    else:
        message = "An interface must be a list of features."
        reader.note(node, path, message, "Write a list of features, as [admin-cli, mail].")


def _use(reader: Reader, feature: Feature, place: Node, path: str, settings: Node | None, peers: PeerReader) -> FeatureUse:
    if settings is None and not feature.settings:
        return FeatureUse(feature.name, {}, {}, reader.place(place, path))
    keys = {key.name: key for key in feature_keys(feature)}
    nodes: dict[str, Node] = {}
    if settings is not None and not is_null(settings):
        nodes = reader.mapping(settings, path, keys, "setting")
    values: dict[str, str] = {}
    for name, setting in feature.settings.items():
        if name in nodes:
            value = reader.value(keys[name], nodes[name], join(path, name))
        else:
            value = setting.default
            if value is None:
                message = f"The feature {feature.name} needs its setting {name}: {setting.title.en}."
                hint = f"Write {feature.name}: {{{name}: …}} with one of {one_of(setting.choices)}."
                reader.note(place, path, message, hint)
        if value is not None:
            values[name] = value
    own: dict[str, Peer] = peers.peers(nodes["peers"], join(path, "peers")) if "peers" in nodes else {}
    return FeatureUse(feature.name, values, own, reader.place(place, path))
