"""Networks out of copies of published ranges: AWS's ip-ranges.json and Microsoft's Office 365 endpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.deployments import BOTH, LEAST

from esacloud.catalogue.load import load
from esacloud.deployment.model import Deployment
from esacloud.deployment.read import read
from esacloud.errors import InputError

AWS = {
    "syncToken": "1",
    "createDate": "2026-11-24-03-00-00",
    "prefixes": [
        {"ip_prefix": "198.51.100.0/25", "region": "us-west-2", "service": "EC2", "network_border_group": "us-west-2"},
        {"ip_prefix": "198.51.100.128/25", "region": "us-west-2", "service": "EC2", "network_border_group": "us-west-2"},
        {"ip_prefix": "203.0.113.0/24", "region": "eu-central-1", "service": "EC2", "network_border_group": "eu-central-1"},
        {
            "ip_prefix": "203.0.113.64/26",
            "region": "eu-central-1",
            "service": "EC2",
            "network_border_group": "eu-central-1",
        },
        {"ip_prefix": "192.0.2.0/24", "region": "GLOBAL", "service": "CLOUDFRONT", "network_border_group": "GLOBAL"},
    ],
    "ipv6_prefixes": [
        {"ipv6_prefix": "2001:db8::/36", "region": "us-west-2", "service": "EC2", "network_border_group": "us-west-2"}
    ],
}
OFFICE = [
    {"id": 1, "serviceArea": "Exchange", "urls": ["outlook.office365.com"], "ips": ["198.51.100.0/24", "2001:db8::/48"]},
    {"id": 2, "serviceArea": "Common", "urls": ["login.microsoftonline.com"], "ips": ["203.0.113.0/24"]},
    {"id": 3, "serviceArea": "Common", "urls": ["*.example.com"]},
]


def deployment(folder: Path, content: Any, item: dict[str, Any], **parts: Any) -> Deployment:
    (folder / "ranges.json").write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    peers = {"dns-servers": [{"ranges": "ranges.json", **item}]}
    text = json.dumps({**LEAST, "peers": peers, **parts})
    return read(str(folder / "f.json"), BOTH, text=text, catalogue=load())


def networks(*arguments: Any, **parts: Any) -> list[str]:
    return [str(item.remote) for item in deployment(*arguments, **parts).peers["dns-servers"].items]


def test_neighbours_and_networks_within_others_become_one(tmp_path: Path) -> None:
    assert networks(tmp_path, AWS, {"service": "EC2"}) == ["198.51.100.0/24", "203.0.113.0/24", "2001:db8::/36"]


def test_a_region_is_chosen_and_families_that_are_not_used_are_left_out(tmp_path: Path) -> None:
    item = {"service": "EC2", "region": "us-west-2"}
    assert networks(tmp_path, AWS, item, families=["ipv4"]) == ["198.51.100.0/24"]


def test_office_365_has_services_and_endpoints_with_names_alone(tmp_path: Path) -> None:
    assert networks(tmp_path, OFFICE, {"service": "Exchange"}) == ["198.51.100.0/24", "2001:db8::/48"]
    assert networks(tmp_path, OFFICE, {"service": "Common"}) == ["203.0.113.0/24"]


def test_the_note_of_an_item_stays_with_each_of_its_networks(tmp_path: Path) -> None:
    found = deployment(tmp_path, AWS, {"service": "EC2", "note": "kinesis"}).peers["dns-servers"].items
    assert {item.note for item in found} == {"kinesis"}


def test_a_changed_file_of_ranges_changes_the_digest_of_the_deployment(tmp_path: Path) -> None:
    before = deployment(tmp_path, OFFICE, {"service": "Common"}).digest
    assert deployment(tmp_path, [{**OFFICE[1], "ips": ["203.0.113.0/25"]}], {"service": "Common"}).digest != before


@pytest.mark.parametrize(
    ("content", "item", "says"),
    [
        (AWS, {"service": "EC3"}, "service: error: ranges.json has no service 'EC3'. Did you mean 'EC2'?"),
        (
            AWS,
            {"service": "EC2", "region": "us-west-3"},
            "region: error: ranges.json has no region 'us-west-3'. Did you mean 'us-west-2'?",
        ),
        (OFFICE, {"service": "Common", "region": "x"}, "region: error: ranges.json has no regions."),
        (OFFICE, {}, "The key 'service' is missing."),
        (OFFICE, {"service": "Common", "sevice": "x"}, "The key 'sevice' is unknown. Did you mean 'service'?"),
        (OFFICE, {"service": "Common", "ranges": "none.json"}, "cannot be read: No such file or directory."),
        ("{", {"service": "Common"}, "ranges.json is neither AWS's ip-ranges.json nor"),
        ({}, {"service": "Common"}, "is neither AWS's"),
        ([], {"service": "Common"}, "is neither AWS's"),
        ([1], {"service": "Common"}, "is neither AWS's"),
        ({"prefixes": [{}]}, {"service": "EC2"}, "ranges.json is damaged: a value is missing"),
        ({"prefixes": [1]}, {"service": "EC2"}, "is damaged"),
        ([{"serviceArea": "Common", "ips": [5]}], {"service": "Common"}, "5 is not a text"),
        ([{"serviceArea": ["x"], "ips": ["10.0.0.0/8"]}], {"service": "Common"}, "is not a text"),
        ([{"serviceArea": "Common", "ips": ["10.0.0.1/8"]}], {"service": "Common"}, "'10.0.0.1/8' has host bits set"),
        ([{"serviceArea": "Common", "ips": 7}], {"service": "Common"}, "is damaged"),
        ([OFFICE[2]], {"service": "Common"}, "has no service 'Common'"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_cannot_serve_is_refused_in_words(tmp_path: Path, content: Any, item: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as error:
        deployment(tmp_path, content, item)
    assert says in str(error.value)


def test_a_service_without_networks_of_the_families_in_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        deployment(tmp_path, AWS, {"service": "CLOUDFRONT"}, families=["ipv6"])
    assert "has no networks of CLOUDFRONT in the families in use." in str(error.value)
