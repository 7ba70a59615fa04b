"""Which entries a release, a feature and its settings switch on, and why the others are off."""

from __future__ import annotations

from collections.abc import Mapping

from esacloud.catalogue.model import Catalogue, Entry, Release, Text, release_text


def select(catalogue: Catalogue, release: Release, feature: str, settings: Mapping[str, str]) -> tuple[Entry, ...]:
    """The entries of `feature` that are on, in the catalogue's order. `settings` holds every setting of the feature."""
    return tuple(
        entry for entry in catalogue.of_feature[feature] if in_bounds(entry, release) and _unmet(entry, settings) is None
    )


def why_not(entry: Entry, release: Release, settings: Mapping[str, str]) -> Text | None:
    """Why an entry of a used feature is off, as half a sentence in both languages; None where it is on.

    A setting comes before a release, because the user can change it.
    """
    name = _unmet(entry, settings)
    if name is not None:
        desired = entry.when[name]
        return Text(
            f"the setting {name} of {entry.feature} is {settings[name]}; this needs {' or '.join(desired)}",
            f"{entry.feature} 的设置 {name} 为 {settings[name]}；此项需要 {' 或 '.join(desired)}",
        )
    if in_bounds(entry, release):
        return None
    first, last = entry.releases
    here = release_text(release)
    if first is not None and release < first:
        since = release_text(first)
        return Text(f"needed from release {since} on; this is {here}", f"从版本 {since} 起才需要；当前为 {here}")
    until = release_text(last or ())
    return Text(f"needed up to release {until} only; this is {here}", f"仅到版本 {until} 为止需要；当前为 {here}")


def in_bounds(entry: Entry, release: Release) -> bool:
    """Whether a release needs the entry."""
    first, last = entry.releases
    return (first is None or first <= release) and (last is None or release <= last)


def _unmet(entry: Entry, settings: Mapping[str, str]) -> str | None:
    """The first setting whose value does not switch the entry on."""
    for name, values in entry.when.items():
        if settings[name] not in values:
            return name
    return None
