"""The interfaces of a file: which features each one serves, with which settings, and with peers of their own.

An interface is a list of feature names and one-key mappings `{feature: {setting: value}}`, or one mapping from features to
their settings. Settings that the file leaves out get the catalogue's defaults; one without a default has to be there.
"""

from __future__ import annotations

from collections.abc import Iterator

from esacloud.catalogue.model import Catalogue, Feature
from esacloud.deployment.document import MappingNode, Node, ScalarNode, SequenceNode
from esacloud.deployment.model import FeatureUse, Interface, Peer
from esacloud.deployment.peers import PeerReader
from esacloud.deployment.reader import Reader, is_null, join
from esacloud.errors import one_of

PEERS = "peers"  # the key beside a feature's settings
_FORM = "Write a list of features, as [admin-cli, mail]."


def read_interfaces(reader: Reader, node: Node, key: str, catalogue: Catalogue, peers: PeerReader) -> tuple[Interface, ...]:
    """The interfaces in the catalogue's order, the features of each in order of the alphabet."""
    fields = reader.mapping(node, key, catalogue.interfaces, "interface")
    if isinstance(node, MappingNode) and not node.value:
        reader.note(
            node, key, "The file has no interface.", f"Write {one_of(tuple(catalogue.interfaces))} with its features."
        )
    interfaces = []
    for name in catalogue.interfaces:
        if name in fields:
            inside = join(key, name)
            uses = _uses(reader, fields[name], inside, catalogue, peers)
            uses.sort(key=lambda use: use.feature)
            interfaces.append(Interface(name, tuple(uses), reader.place(fields[name], inside)))
    return tuple(interfaces)


def _uses(reader: Reader, node: Node, key: str, catalogue: Catalogue, peers: PeerReader) -> list[FeatureUse]:
    uses: dict[str, FeatureUse] = {}
    for place, inside, name, settings in _named(reader, node, key):
        feature = catalogue.features.get(name)
        if feature is None:
            reader.unknown(place, inside, "feature", name, catalogue.features)
        elif name in uses:
            first = uses[name].place
            message = f"The feature {name} stands here a second time; the first is {first.key} in line {first.line}."
            reader.note(place, inside, message, "Take one of them out.")
        else:
            uses[name] = _use(reader, feature, place, inside, settings, peers)
    return list(uses.values())


def _named(reader: Reader, node: Node, key: str) -> Iterator[tuple[Node, str, str, Node | None]]:
    """Where each feature is named, its key and name, and its settings if there are any."""
    if isinstance(node, MappingNode):
        for name, settings in node.value:
            yield name, join(key, name.value), name.value, settings
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            inside = f"{key}[{index}]"
            if isinstance(item, ScalarNode):
                yield item, inside, item.value, None
            elif isinstance(item, MappingNode) and len(item.value) == 1:
                ((name, settings),) = item.value
                yield name, join(inside, name.value), name.value, settings
            else:
                message = f"An item here is one feature, and this one {'has several keys' if item.value else 'is empty'}."
                hint = "Write each feature as an item of its own, and indent its settings deeper than its name."
                reader.note(item, inside, message, hint)
    else:
        reader.note(node, key, "An interface is a list of features.", _FORM)


def _use(reader: Reader, feature: Feature, place: Node, key: str, settings: Node | None, peers: PeerReader) -> FeatureUse:
    if settings is None and not feature.settings:
        return FeatureUse(feature.name, {}, {}, reader.place(place, key))
    fields: dict[str, Node] = {}
    if settings is not None and not is_null(settings):
        fields = reader.mapping(settings, key, (*feature.settings, PEERS), "setting")
    values: dict[str, str] = {}
    for name, setting in feature.settings.items():
        inside = join(key, name)
        if name in fields:
            value = reader.scalar(fields[name], inside, f"Write {one_of(setting.choices)}.")
            if value is not None and value not in setting.choices:
                reader.unknown(fields[name], inside, f"{name} of {feature.name}", value, setting.choices)
            elif value is not None:
                values[name] = value
        elif setting.default is not None:
            values[name] = setting.default
        else:
            message = f"The feature {feature.name} needs its setting {name}: {setting.title.en}."
            hint = f"Write {feature.name}: {{{name}: …}} with one of {one_of(setting.choices)}."
            reader.note(place, key, message, hint)
    own: dict[str, Peer] = peers.peers(fields[PEERS], join(key, PEERS)) if PEERS in fields else {}
    return FeatureUse(feature.name, values, own, reader.place(place, key))
