"""What a good file becomes: keys, defaults, and the same value for every spelling of the same content."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.catalogues import SMALL, document
from support.deployments import BOTH, LEAST, TWO_CLOUDS, made, problems

from esacloud.catalogue.load import load
from esacloud.deployment.read import read
from esacloud.errors import InputError
from esacloud.packets.addresses import parse_network


def test_the_least_file_gives_a_deployment_with_defaults() -> None:
    deployment = made(peers=None)
    assert deployment.name == "mail-edge-1"
    assert deployment.release == (15, 5)
    assert [interface.name for interface in deployment.interfaces] == ["management"]
    assert deployment.versions == (4, 6)
    assert deployment.hostnames is None
    assert (deployment.peers, deployment.as_printed, deployment.wider, deployment.waivers) == ({}, (), (), ())
    assert deployment.warnings == ()


@pytest.mark.parametrize("written", ["15.5", "15.5.3", "15.5.1-055", "15.5-055"])
def test_a_patch_release_counts_as_its_family(written: str) -> None:
    assert made(asyncos=written).release == (15, 5)


def test_a_release_may_stand_without_quotes() -> None:
    assert made(asyncos=15.5).release == (15, 5)


@pytest.mark.parametrize("written", ["15", "15.05", "15.5.", "v15.5", "15.6.5", "", "15.5 ", "１５.5", "9" * 5000 + ".5"])
def test_other_releases_are_refused_with_the_known_ones(written: str) -> None:
    (problem,) = problems(asyncos=written)
    assert problem.place.key == "asyncos"
    assert "15.5" in problem.hint


def test_settings_get_their_defaults() -> None:
    deployment = made(interfaces={"management": ["admin-gui", {"syslog": {"transport": "both"}}, {"dns": None}]})
    settings = {use.feature: use.settings for use in deployment.interfaces[0].features}
    assert settings == {
        "admin-gui": {"plain_http": "no", "new_gui": "off"},
        "dns": {},
        "syslog": {"transport": "both"},
    }


def test_a_setting_that_is_a_number_may_stand_without_quotes() -> None:
    (use,) = made(interfaces={"data1": [{"ldap": {"port": 3268}}]}).interfaces[0].features
    assert use.settings == {"port": "3268"}


def test_an_interface_may_be_a_list_or_a_mapping() -> None:
    as_list = made(interfaces={"management": ["dns", {"syslog": {"transport": "tcp"}}]})
    as_mapping = made(interfaces={"management": {"syslog": {"transport": "tcp"}, "dns": None}})
    assert as_list.digest == as_mapping.digest


def test_a_use_of_a_feature_may_have_peers_of_its_own() -> None:
    deployment = made(interfaces={"data1": [{"mail": {"peers": {"mail-senders": ["10.1.0.0/16"]}}}]})
    (use,) = deployment.interfaces[0].features
    assert [item.remote for item in use.peers["mail-senders"].items] == [parse_network("10.1.0.0/16")]
    assert use.peers["mail-senders"].place.key == "interfaces.data1[0].mail.peers.mail-senders"


def test_an_interface_may_serve_nothing() -> None:
    assert made(interfaces={"data2": []}).interfaces[0].features == ()


def test_own_networks_as_printed_wider_and_waivers_are_read() -> None:
    waiver = {"code": "ESA003", "peer": "198.51.100.7", "reason": "migration", "until": "2027-03-31"}
    deployment = made(
        own_networks=["10.0.10.0/24", "10.0.10.0/24"],
        as_printed=["ntp"],
        wider=["ftp-client-data-active", "dns"],
        waivers=[waiver],
        families=["ipv6", "ipv4"],
        hostnames="open",
    )
    assert deployment.own_networks == (parse_network("10.0.10.0/24"),)
    assert deployment.as_printed == ("ntp",)
    assert deployment.wider == ("dns", "ftp-client-data-active")
    assert (deployment.waivers[0].peer, deployment.waivers[0].until) == ("198.51.100.7/32", "2027-03-31")
    assert deployment.versions == (4, 6)
    assert deployment.hostnames == "open"


def test_settings_of_every_cloud_are_read() -> None:
    aws = {**LEAST["cloud"]["aws"], "tags": {"cost": 4711, "live": True, "none": ""}, "quotas": {"rules_per_group": 100}}
    deployment = made(cloud={"nimbus": {"zone": "z1"}, "aws": aws})
    assert list(deployment.clouds) == ["aws", "nimbus"]
    assert deployment.clouds["aws"].values == {"region": "eu-central-1", "vpc": "vpc-0a1b2c3d4e5f60718"}
    assert deployment.clouds["aws"].tags == {"cost": "4711", "live": "true", "none": ""}
    assert deployment.clouds["aws"].quotas == {"rules_per_group": 100}


def test_only_the_dialects_that_the_file_needs_are_looked_up() -> None:
    class Watched(dict[str, Any]):
        def __getitem__(self, cloud: str) -> Any:
            assert cloud != "nimbus", "a file that does not name the cloud has no need of it"
            return super().__getitem__(cloud)

    read("f.json", Watched(BOTH), text=json.dumps({**LEAST, "peers": {"dns-servers": ["sg-0123456789abcdef0"]}}))


def shuffled(value: Any, order: random.Random) -> Any:
    """The same content with its mappings and lists in another order."""
    if isinstance(value, dict):
        pairs = [(key, shuffled(inner, order)) for key, inner in value.items()]
        order.shuffle(pairs)
        return dict(pairs)
    if isinstance(value, list):
        items = [shuffled(inner, order) for inner in value]
        order.shuffle(items)
        return items
    return value


def without_places(value: Any) -> Any:
    """A repr of a deployment in which lines, columns and keys are gone."""
    import re

    return re.sub(r"place=Place\([^)]*\)", "", repr(value))


def test_neither_order_nor_spelling_nor_comments_change_the_digest() -> None:
    content = {
        **LEAST,
        "interfaces": {"management": ["dns", "ntp", {"syslog": {"transport": "tcp"}}], "data1": ["mail"]},
        "peers": {
            "dns-servers": ["10.0.0.2", "2001:db8::53", "dns.example.com"],
            "ntp-servers": ["sg-0123456789abcdef0", "self"],
            "syslog-servers": [{"network": "10.0.0.9", "note": "the old one"}],
        },
        "hostnames": "open",
    }
    digest = made(**content).digest
    for seed in range(20):
        again = shuffled(content, random.Random(seed))
        text = "# a comment\n" + yaml.safe_dump(again, sort_keys=False)
        assert read("other.yaml", BOTH, text=text).digest == digest
    content["peers"]["dns-servers"] = ["10.0.0.2/32", "2001:DB8:0::53", "DNS.example.com."]
    assert made(**content).digest == digest


def test_order_changes_nothing_but_places() -> None:
    parts = {
        "interfaces": {"management": ["dns", "ntp"], "data1": ["mail"]},
        "peers": {"ntp-servers": "any", "dns-servers": "any"},
    }
    turned = {
        "interfaces": {"data1": ["mail"], "management": ["ntp", "dns"]},
        "peers": {"dns-servers": "any", "ntp-servers": "any"},
    }
    assert without_places(made(**parts)) == without_places(made(**turned))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "mail-edge-2"},
        {"asyncos": "15.0"},
        {"hostnames": "open"},
        {"families": ["ipv4"]},
        {"as_printed": ["ntp"]},
        {"wider": ["dns"]},
        {"own_networks": ["10.0.10.0/24"]},
        {"peers": {"dns-servers": ["10.0.0.3"]}},
        {"peers": {"dns-servers": [{"network": "10.0.0.2", "note": "resolver"}]}},
        {"peers": {"dns-servers": [{"aws": "10.0.0.2"}]}},
        {"interfaces": {"data1": ["dns"]}},
        {"interfaces": {"management": [{"dns": {"peers": {"dns-servers": ["10.0.0.2"]}}}]}},
        {"cloud": {"aws": {**LEAST["cloud"]["aws"], "tags": {"a": "b"}}}},
        {"cloud": {"aws": {**LEAST["cloud"]["aws"], "quotas": {"rules_per_group": 61}}}},
        {"cloud": TWO_CLOUDS},
        {"waivers": [{"code": "ESA003", "peer": "any", "reason": "migration", "until": "2027-03-31"}]},
    ],
    ids=str,
)
def test_everything_that_a_file_says_is_in_the_digest(change: dict[str, Any]) -> None:
    assert made(**change).digest != made().digest


def test_a_catalogue_of_the_file_s_own_is_read_from_beside_it(tmp_path: Path) -> None:
    (tmp_path / "lb.json").write_bytes(SMALL.read_bytes())
    catalogue = load(str(SMALL))
    interface = next(iter(catalogue.interfaces))
    needing_nothing = (
        feature for feature in catalogue.features.values() if all(setting.default for setting in feature.settings.values())
    )
    content = {
        "name": "balancer-1",
        "catalogue": "lb.json",
        catalogue.release_key: document()["releases"]["known"][0],
        "cloud": LEAST["cloud"],
        "interfaces": {interface: [next(needing_nothing).name]},
    }
    deployment = read(str(tmp_path / "f.json"), BOTH, text=json.dumps(content))
    assert deployment.catalogue.digest == catalogue.digest
    assert deployment.release == catalogue.releases[0]
    with pytest.raises(InputError, match=r"The key 'asyncos' is unknown\."):
        read(str(tmp_path / "f.json"), BOTH, text=json.dumps({**content, "asyncos": "15.5"}))


def test_a_catalogue_that_cannot_be_read_is_reported_at_its_key_and_at_its_own_place(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(str(tmp_path / "f.json"), BOTH, text=json.dumps({**LEAST, "catalogue": "no.json"}))
    first, second = caught.value.problems
    assert (first.place.file, first.place.key) == (str(tmp_path / "f.json"), "catalogue")
    assert second.place.file == str(tmp_path / "no.json")


def test_long_texts_are_cut_in_messages() -> None:
    (problem,) = problems(peers={"dns-servers": ["x" * 1_000_000]})
    assert len(str(problem)) < 5000


def test_a_file_full_of_mistakes_is_given_up_after_a_hundred() -> None:
    assert len(problems(interfaces={"management": [f"feature-{number}" for number in range(1000)]})) == 100
    with pytest.raises(InputError) as caught:
        read("f.yaml", BOTH, text="a: 1\n" * 50_000)
    assert len(caught.value.problems) == 100


def test_an_id_in_a_file_without_a_cloud_is_reported_as_such() -> None:
    first, second = problems(cloud=None, peers={"dns-servers": ["sg-0123456789abcdef0"]})
    assert first.place.key == "cloud"
    assert second.message == "This is a security group of AWS, and the file names no cloud."
