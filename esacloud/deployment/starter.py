"""A commented deployment file to start from, made from the catalogue. It contains every feature and role, most of them as
comments, and passes `esacloud check` unchanged.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping

from esacloud.catalogue.model import Catalogue, Entry, Feature, Role, release_text
from esacloud.catalogue.select import select
from esacloud.deployment.model import Dialect
from esacloud.errors import InputError, OutsideError, one_of
from esacloud.text_files import draft

_COLUMN = 44  # where comments begin
_HEAD = """\
# One gateway and its surroundings. docs/deployment-file.md explains each line; `esacloud ports` shows what a feature opens.
# Then check this file with `esacloud check FILE`, and write a Terraform module with `esacloud generate FILE --out DIR`.
"""


def starter_text(catalogue: Catalogue, dialects: Mapping[str, Dialect], path: str | None = None) -> str:
    """The text of the file, for the clouds whose dialects are given.

    `path` is that of the catalogue, relative to the file, where it is not the shipped one.
    """
    features = {name for names in catalogue.starter.values() for name in names}
    entries = [entry for feature in sorted(features) for entry in _entries(catalogue, catalogue.features[feature])]
    named = any(entry.hostnames and not entry.networks for entry in entries)
    needed = {entry.role for entry in entries if not entry.hostnames and not entry.networks}
    lines = [
        "name: my-gateway",
        *([f"catalogue: {json.dumps(path)}"] if path else []),
        _line(f'{catalogue.release_key}: "{release_text(catalogue.releases[-1])}"', "the release of the appliance"),
        "",
        "cloud:",
        *(line for cloud in dialects for line in _cloud(dialects[cloud])),
        "",
        "interfaces:",
        *_interfaces(catalogue),
        "",
        *_peers(catalogue, needed),
        "",
        "# A security group cannot contain a host name. `open` opens the ports of features with host names to any address;",
        "# without this line, name the networks of their roles under `peers`.",
        "hostnames: open" if named else "# hostnames: open",
    ]
    return _HEAD + "\n" + "\n".join(lines) + "\n"


def _line(text: str, comment: str) -> str:
    return f"{text:{_COLUMN}}# {comment}" if len(text) < _COLUMN else f"{text}  # {comment}"


def _cloud(dialect: Dialect) -> Iterator[str]:
    yield f"  {dialect.cloud}:"
    for name, setting in dialect.settings.items():
        example = dialect.example.get(name)
        if example is not None:
            yield _line(f"    {'' if setting.required else '# '}{name}: {example}", setting.title)


def _interfaces(catalogue: Catalogue) -> Iterator[str]:
    everywhere = {name for names in catalogue.starter.values() for name in names}
    offered = next(iter(catalogue.interfaces))  # the interface that shows the other features
    for interface, title in catalogue.interfaces.items():
        chosen = catalogue.starter.get(interface, ())
        if chosen:
            yield _line(f"  {interface}:", title.en)
        else:  # the first is always there, because a file needs an interface
            yield _line(f"  {'' if interface == offered and not everywhere else '# '}{interface}: []", title.en)
        for name in chosen:
            yield _line(f"    - {name}", _feature_comment(catalogue.features[name]))
        if interface == offered:
            for feature in catalogue.features.values():
                if feature.name not in everywhere:
                    yield _line(f"    # - {_example(feature)}", _feature_comment(feature))


def _example(feature: Feature) -> str:
    needed = [f"{setting.name}: {setting.choices[0]}" for setting in feature.settings.values() if setting.default is None]
    return f"{feature.name}: {{{', '.join(needed)}}}" if needed else feature.name


def _feature_comment(feature: Feature) -> str:
    settings = [f"{setting.name}: {one_of(setting.choices)}" for setting in feature.settings.values()]
    return "; ".join([feature.title.en, *settings])


def _peers(catalogue: Catalogue, needed: set[str]) -> Iterator[str]:
    unknown = {entry.role for entry in catalogue.entries if not entry.hostnames and not entry.networks}
    known = [name for name in catalogue.roles if name not in unknown]  # their host names or networks are
    yield "peers:" if needed else "peers: {}"
    yield from (_role(role, role.name in needed) for role in catalogue.roles.values() if role.name not in known)
    yield "  # The catalogue has host names or networks for these roles. Peers that you name here replace them."
    yield from (_role(catalogue.roles[name], False) for name in known)


def _role(role: Role, needed: bool) -> str:
    return _line(f"  {'' if needed else '# '}{role.name}: [{role.example}]", role.title.en)


def _entries(catalogue: Catalogue, feature: Feature) -> Iterable[Entry]:
    settings = {setting.name: setting.default or setting.choices[0] for setting in feature.settings.values()}
    return select(catalogue, catalogue.releases[-1], feature.name, settings)


def write_new(path: str, text: str) -> None:
    """Write a new file, whole or not at all.

    Raises InputError where the file exists or its directory does not, OutsideError when the disk fails.
    """
    try:
        with draft(path, text) as made:
            os.link(made, path)  # unlike a rename, this never replaces a file
    except (FileNotFoundError, NotADirectoryError):
        message = "The directory of this file does not exist."
        raise InputError.at(path, message, "Create it first, or choose another.") from None
    except FileExistsError:
        raise InputError.at(path, "The file exists already.", "Choose another name, or move it away.") from None
    except OSError as error:
        raise OutsideError(f"{path}: the file cannot be written: {error.strerror}.") from None
