"""What has no effect: table rows without a flow and the reason, unused peers, entries that are not switched on."""

from __future__ import annotations

from collections.abc import Iterator, Set
from functools import cache

from esacloud.catalogue.model import Text
from esacloud.catalogue.select import why_not
from esacloud.deployment.model import Deployment, FeatureUse
from esacloud.errors import Problem, one_of
from esacloud.policy.model import Uncovered


def uncovered_rows(deployment: Deployment, covered: Set[int]) -> tuple[Uncovered, ...]:
    """Every table row that is not in `covered`, with the reason, including rows that never make a rule."""
    uses = {use.feature: use for interface in deployment.interfaces for use in interface.features}
    out = []
    for row in deployment.catalogue.rows:
        if row.no_rule is not None:
            out.append(Uncovered(row.number, None, row.no_rule))
        elif row.number not in covered:
            entry = deployment.catalogue.of_row[row.number][0]
            use = uses.get(entry.feature)
            if use is None:
                out.append(Uncovered(row.number, entry.id, _off(entry.feature), entry.feature))
            else:
                out.append(Uncovered(row.number, entry.id, why_not(entry, deployment.release, use.settings) or _NO_ADDRESS))
    return tuple(out)


@cache
def _off(feature: str) -> Text:
    return Text(f"the feature {feature} is not switched on", f"功能 {feature} 未启用")


_NO_ADDRESS = Text("its remote has no address of the families in use", "对端没有所用地址族的地址")


def unused_peers(deployment: Deployment, used: Set[int]) -> Iterator[Problem]:
    """A warning for each peer that no feature in use needs; `used` are the identities of the others."""
    given = [*deployment.peers.values()]
    given += [peer for interface in deployment.interfaces for use in interface.features for peer in use.peers.values()]
    for peer in given:
        if id(peer) not in used:
            features = sorted({entry.feature for entry in deployment.catalogue.entries if entry.role == peer.role})
            message = f"No feature in use needs the peer {peer.role}."
            hint = f"Remove it, or switch on {one_of(features)}, with the settings that need it."
            yield Problem(peer.place, message, hint, "warning")


def unused_names(deployment: Deployment, switched_on: Set[str]) -> Iterator[Problem]:
    """A warning for each entry under `as_printed` or `wider` that is in no flow."""
    for key, ids in (("as_printed", deployment.as_printed), ("wider", deployment.wider)):
        for entry_id in ids:
            if entry_id not in switched_on:
                message = f"{entry_id} is not switched on, so naming it has no effect."
                place = deployment.place.at(key)
                yield Problem(place, message, "Remove it, or switch its feature on.", "warning")


def opens_nothing(deployment: Deployment, use: FeatureUse) -> Problem:
    """The warning for a feature that opens nothing, because of its settings or the release."""
    # The entry that the settings choose gives the best reason: the release.
    entries = deployment.catalogue.of_feature[use.feature]
    entry = max(entries, key=lambda entry: all(use.settings[name] in on for name, on in entry.when.items()))
    why = why_not(entry, deployment.release, use.settings) or _NO_ADDRESS
    message = f"The feature {use.feature} opens nothing here: {why.en}."
    return Problem(use.place, message, "Change that, or remove the feature.", "warning")
