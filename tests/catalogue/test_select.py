"""Which entries are on, and why the others are off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esacloud.catalogue.load import load
from esacloud.catalogue.model import Release
from esacloud.catalogue.select import select, why_not

CATALOGUE = load()


def ids(feature: str, release: Release = (15, 5), **settings: str) -> list[str]:
    complete = {name: setting.default or "" for name, setting in CATALOGUE.features[feature].settings.items()}
    return [entry.id for entry in select(CATALOGUE, release, feature, complete | settings)]


@pytest.mark.parametrize(
    ("feature", "settings", "on"),
    [
        ("dns", {}, ["dns"]),
        ("admin-gui", {}, ["gui-https"]),
        ("admin-gui", {"plain_http": "yes", "new_gui": "4431"}, ["gui-http", "gui-https", "new-gui-4431"]),
        ("mail", {}, ["smtp-out", "smtp-in"]),
        ("mail", {"traffic": "receive"}, ["smtp-in"]),
        ("ftp", {"role": "server"}, ["ftp-server-control", "ftp-server-data-passive"]),
        ("ftp", {"role": "client", "mode": "active"}, ["ftp-client-control", "ftp-client-data-active"]),
        ("updates", {}, ["downloads", "upgrades", "update-check", "update-manifests"]),
        ("updates", {"hosts": "static"}, ["update-check", "update-manifests", "static-updates"]),
        ("cluster", {}, ["cluster-ssh"]),
        ("cluster", {"transport": "both"}, ["cluster-ccs", "cluster-ssh"]),
        ("file-reputation", {"region": "eu"}, ["file-reputation-eu-443"]),
        ("threat-response", {"region": "apjc"}, ["threat-response-apjc", "threat-response-certificate"]),
    ],
)
def test_settings_switch_entries(feature: str, settings: dict[str, str], on: list[str]) -> None:
    assert ids(feature, (15, 5), **settings) == on


def test_the_old_file_reputation_port_is_off_from_15_on() -> None:
    assert ids("file-reputation", (14, 3), region="eu", port="32137") == ["file-reputation-eu-32137"]
    assert ids("file-reputation", (15, 0), region="eu", port="32137") == []
    why = why_not(CATALOGUE.of_id["file-reputation-eu-32137"], (15, 0), {"region": "eu", "port": "32137"})
    assert why is not None
    assert why.en == "needed up to release 14.3 only; this is 15.0"
    assert "14.3" in why.zh


def test_smart_licensing_is_on_from_15_5_on() -> None:
    assert ids("smart-licensing", (15, 5)) == ids("smart-licensing", (16, 0)) == ["smart-licensing"]
    assert ids("smart-licensing", (15, 0)) == []
    why = why_not(CATALOGUE.of_id["smart-licensing"], (15, 0), {})
    assert why is not None
    assert why.en == "needed from release 15.5 on; this is 15.0"


def test_a_setting_that_keeps_an_entry_off_is_named_with_what_it_needs() -> None:
    why = why_not(CATALOGUE.of_id["syslog-tcp"], (15, 5), {"transport": "udp"})
    assert why is not None
    assert why.en == "the setting transport of syslog is udp; this needs tcp or both"
    assert "transport" in why.zh


settings_of = st.sampled_from(sorted(CATALOGUE.features)).flatmap(
    lambda feature: st.tuples(
        st.just(feature),
        st.fixed_dictionaries(
            {name: st.sampled_from(setting.choices) for name, setting in CATALOGUE.features[feature].settings.items()}
        ),
    )
)


@given(st.sampled_from(CATALOGUE.releases), settings_of)
def test_an_entry_of_a_used_feature_is_on_or_has_a_reason_and_never_both(
    release: Release, use: tuple[str, dict[str, str]]
) -> None:
    feature, settings = use
    on = select(CATALOGUE, release, feature, settings)
    for entry in CATALOGUE.entries:
        if entry.feature == feature:
            assert (entry in on) == (why_not(entry, release, settings) is None)
        else:
            assert entry not in on


@given(settings_of)
def test_on_the_newest_release_every_choice_but_the_old_port_opens_something(use: tuple[str, dict[str, str]]) -> None:
    feature, settings = use
    opened = select(CATALOGUE, CATALOGUE.releases[-1], feature, settings)
    assert bool(opened) == (settings.get("port") != "32137")
