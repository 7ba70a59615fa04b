"""The JSON Schema of the deployment file, from its specification, for editors.

The schema accepts everything that `read` accepts. What it refuses, `read` refuses too, with a better message, so
reading a file needs no schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from esacloud.catalogue.model import Catalogue
from esacloud.deployment.model import Dialect, ReferenceKind
from esacloud.deployment.reader import is_number
from esacloud.deployment.specification import (
    ANY_OR_SELF,
    DEFAULT_MODE,
    HOSTNAME_KEYS,
    HOSTNAME_MODES,
    NETWORK_KEYS,
    RANGES_KEYS,
    Key,
    cloud_keys,
    feature_keys,
    reference_keys,
    root_keys,
)

Schema = dict[str, Any]


def deployment_schema(catalogue: Catalogue, dialects: Mapping[str, Dialect]) -> Schema:
    """The schema, as a JSON value in a fixed order: the same input gives the same bytes."""
    clouds = {name: dialects[name] for name in sorted(dialects)}
    renderer = _Renderer(catalogue, clouds)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Deployment of {catalogue.title.en}",
        **renderer.mapping("One gateway and its surroundings, for esacloud.", root_keys(catalogue, clouds)),
        "$defs": renderer.definitions(),
    }


class _Renderer:
    """Renders keys for one catalogue and these clouds."""

    def __init__(self, catalogue: Catalogue, clouds: Mapping[str, Dialect]) -> None:
        self.catalogue, self.clouds = catalogue, clouds

    def mapping(self, description: str, keys: Iterable[Key], **more: Any) -> Schema:
        """A mapping with these keys and no other."""
        listed = list(keys)
        required = [key.name for key in listed if key.required]
        schema = _closed(description, {key.name: self.key(key) for key in listed}, **more)
        return {**schema, "required": required} if required else schema

    def key(self, key: Key) -> Schema:
        """What a value of the key looks like."""
        schema = {"description": key.about(), **self._value(key)}
        return {**schema, "default": key.default} if key.default else schema

    def _value(self, key: Key) -> Schema:
        match key.type:
            case "text" | "line" | "word" | "number":
                return _scalar(key)
            case "texts" | "words" | "networks":
                return {"type": "array", **_items(key)}
            case "mapping":
                return self.mapping(key.about(), key.keys)
            case "mappings":
                return {"type": "array", "items": self.mapping(key.about(), key.keys)}
            case _:
                return self._with_a_module(key)

    def _with_a_module(self, key: Key) -> Schema:
        match key.type:
            case "clouds":
                interfaces = tuple(self.catalogue.interfaces)
                clouds = {
                    name: self.mapping(f"Settings for {dialect.title}.", cloud_keys(dialect, interfaces))
                    for name, dialect in self.clouds.items()
                }
                return _closed(key.about(), clouds, minProperties=1)
            case "interfaces":
                titles = {
                    name: {"description": title.en, **_ref("features")} for name, title in self.catalogue.interfaces.items()
                }
                return _closed(key.about(), titles, minProperties=1)
            case "tags" if key.tags:
                return {
                    "type": "object",
                    "propertyNames": {"pattern": key.tags.key.pattern},
                    "additionalProperties": {"type": ["string", "number", "boolean"], "pattern": key.tags.value.pattern},
                    "maxProperties": key.tags.most,
                }
            case "hostname modes":
                of_feature = dict.fromkeys((DEFAULT_MODE, *self.catalogue.features), _ref("mode"))
                about = f"The mode of each feature; `{DEFAULT_MODE}` is the mode of the others."
                return {"anyOf": [_ref("mode"), _closed(about, of_feature)]}
            case _:
                return _ref(key.type)

    def definitions(self) -> Schema:
        """What several keys refer to."""
        catalogue = self.catalogue
        roles = {role.name: {"description": role.title.en, **_ref("peer")} for role in catalogue.roles.values()}
        references = [kind for dialect in self.clouds.values() for kind in dialect.references]
        return {
            "features": self._features(),
            "peers": _closed("Who plays which role.", roles),
            "peer": _one_or_more(_ref("item"), minItems=1),
            "mode": {"anyOf": _words(HOSTNAME_MODES)},
            "item": {"anyOf": [*self._forms(references), self._per_cloud()]},
            **{f"item-for-{name}": {"anyOf": self._forms(cloud.references)} for name, cloud in self.clouds.items()},
        }

    def _features(self) -> Schema:
        bare, by_name = {}, {}
        for feature in self.catalogue.features.values():
            schema = self.mapping(feature.title.en, feature_keys(feature))
            if "required" not in schema:
                bare[feature.name] = feature.title.en
                schema["type"] = ["object", "null"]
            by_name[feature.name] = schema
        alone = _closed("A feature with its settings.", by_name, minProperties=1, maxProperties=1)
        listed = {
            "description": "Features, each by its name or with its settings.",
            "type": "array",
            "items": {"anyOf": [*_words(bare), alone]},
            "uniqueItems": True,
        }
        return {"anyOf": [listed, _closed("Features with their settings.", by_name)]}

    def _per_cloud(self) -> Schema:
        items = {
            name: {"description": f"The item for {dialect.title} alone.", **_one_or_more(_ref(f"item-for-{name}"))}
            for name, dialect in self.clouds.items()
        }
        return _closed("An item for each cloud.", items, minProperties=1)

    def _forms(self, references: Iterable[ReferenceKind]) -> list[Schema]:
        forms = [
            *_words(ANY_OR_SELF),
            self.key(NETWORK_KEYS[0]),
            self.key(HOSTNAME_KEYS[0]),
            self.mapping("A network, with a note.", NETWORK_KEYS),
            self.mapping("A host name, with a note.", HOSTNAME_KEYS),
            self.mapping("The networks of a service in a file of published ranges.", RANGES_KEYS),
        ]
        for kind in references:
            keys = tuple(reference_keys(kind))
            if kind.shorthand:
                forms.append({"description": keys[0].about(), "type": "string", "pattern": kind.shorthand})
            forms.append(self.mapping(f"{keys[0].about()[:-1]}, with a note.", keys))
        return forms


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _closed(description: str, properties: Mapping[str, Schema], **more: Any) -> Schema:
    closed = {"properties": dict(properties), "additionalProperties": False}
    return {"description": description, "type": "object", **closed, **more}


def _one_or_more(item: Schema, **more: Any) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item, **more}]}


def _scalar(key: Key) -> Schema:
    words = key.words or {}
    match key.type:
        case "text" if words:
            numbers = [float(word) for word in words if is_number(word)]
            forms = [{"enum": list(words)}, {"type": "string", "pattern": key.pattern}]
            return {"anyOf": [*forms, *([{"enum": numbers}] if numbers else [])]}
        case "text":
            return _text(key)
        case "line":
            return {"type": "string", "minLength": 1, "maxLength": key.longest}
        case "number":
            return {"type": "integer", "minimum": key.bounds[0], "maximum": key.bounds[1]}
        case _:
            return {"anyOf": _words(words)} if all(words.values()) else {"enum": _spellings(words)}


def _items(key: Key) -> Schema:
    if key.type == "networks":
        return {"items": {"type": "string", "pattern": NETWORK_KEYS[0].pattern}}
    if key.type == "texts":
        return {"items": _text(key), "uniqueItems": True}
    words = {word: meaning for word, meaning in (key.words or {}).items() if not (key.check and key.check(word))}
    if not words:
        return {"items": {}, "maxItems": 0}
    return {"items": {"anyOf": _words(words)}, "uniqueItems": True, **({"minItems": 1} if key.at_least_one else {})}


def _text(key: Key) -> Schema:
    pattern = {"pattern": key.pattern} if key.pattern else {}
    return {"type": ["string", "boolean"] if key.unquoted else "string", **pattern}


def _words(names: Mapping[str, str]) -> list[Schema]:
    """Fixed words, each with its meaning, which editors show next to it."""
    return [{"const": name, "description": meaning} for name, meaning in names.items()]


def _spellings(words: Iterable[str]) -> list[str | int | float]:
    """The words as texts, and as numbers where YAML reads them so."""
    listed: list[str | int | float] = []
    for word in words:
        listed.append(word)
        if is_number(word):
            listed.append(int(word) if word.isdigit() else float(word))
    return listed
