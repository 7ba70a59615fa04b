"""What AWS takes under `cloud.aws` and as a reference."""

from __future__ import annotations

import re

import pytest

from esacloud.aws.dialect import DIALECT
from esacloud.aws.limits import FIXED, QUOTAS

KINDS = {kind.kind: kind for kind in DIALECT.references}


@pytest.mark.parametrize(
    "region", ["eu-central-1", "us-gov-west-1", "ap-southeast-7", "us-iso-east-1", "eusc-de-east-1", "il-central-1"]
)
def test_regions_of_every_partition_are_taken(region: str) -> None:
    assert DIALECT.settings["region"].check(region) is None


@pytest.mark.parametrize("region", ["", "Frankfurt", "eu-central", "eu-central-1a", "EU-CENTRAL-1", "eu_central_1"])
def test_what_is_no_region_is_refused_with_an_example(region: str) -> None:
    refusal = DIALECT.settings["region"].check(region)
    assert refusal is not None
    assert "eu-central-1" in refusal[1]


@pytest.mark.parametrize(
    ("vpc", "right"),
    [
        ("vpc-0a1b2c3d4e5f60718", True),
        ("vpc-0a1b2c3d", True),
        ("vpc-0a1b2c3d4e", False),
        ("vpc-0A1B2C3D", False),
        ("vpc-0a1b2c3d\n", False),
        ("sg-0a1b2c3d", False),
    ],
)
def test_a_vpc_id_has_8_or_17_hexadecimal_digits(vpc: str, right: bool) -> None:
    assert (DIALECT.settings["vpc"].check(vpc) is None) is right


@pytest.mark.parametrize(
    ("prefix", "right"),
    [
        *((text, True) for text in ("prod-", "Prod mail/", "x" * 100)),
        *((text, False) for text in ("x" * 101, "", "sg-", "Sg-x", "a>b", "it's", "网关")),
    ],
)
def test_a_name_prefix_is_what_a_group_s_name_may_begin_with(prefix: str, right: bool) -> None:
    assert (DIALECT.settings["name_prefix"].check(prefix) is None) is right


def test_the_name_prefix_leaves_room_for_the_rest_of_the_name() -> None:
    deployment, interface, unique = 63, 63, 26  # the longest that there are, and what terraform appends to a prefix
    assert FIXED["group_name_characters"] + deployment + interface + unique + len("---") <= 255


def test_a_security_group_may_be_of_another_account_and_a_prefix_list_needs_its_size() -> None:
    group, prefix_list = KINDS["security_group"], KINDS["prefix_list"]
    for text in ("sg-01234567", "sg-0123456789abcdef0", "123456789012/sg-0123456789abcdef0"):
        assert re.fullmatch(group.shorthand or "", text)
    for text in ("sg-0123", "12345678901/sg-01234567", "pl-01234567", "SG-01234567"):
        assert not re.fullmatch(group.pattern, text)
    assert prefix_list.shorthand is None
    assert (prefix_list.size_key, prefix_list.sizes) == ("max_entries", (1, 1000))


def test_every_example_fits_its_own_pattern() -> None:
    for kind in DIALECT.references:
        assert re.fullmatch(kind.pattern, kind.example)
    for name, text in DIALECT.example.items():
        assert DIALECT.settings[name].check(text) is None


@pytest.mark.parametrize(
    ("key", "right"),
    [
        *((text, True) for text in ("team", "a" * 128, "kosten stelle", "größe", "a+-=._:/@")),
        *((text, False) for text in ("a" * 129, "", "aws:x", "AWS:x", "a>b", "a\tb")),
    ],
)
def test_tag_keys_are_what_ec2_takes(key: str, right: bool) -> None:
    assert DIALECT.tags is not None
    assert (DIALECT.tags.key.check(key) is None) is right


@pytest.mark.parametrize(
    ("value", "right"), [("", True), ("a" * 256, True), ("a" * 257, False), ("aws:x", False), ("->", False)]
)
def test_tag_values_are_what_ec2_takes(value: str, right: bool) -> None:
    assert DIALECT.tags is not None
    assert (DIALECT.tags.value.check(value) is None) is right


@pytest.mark.parametrize(
    ("rules", "groups", "right"),
    [(60, 5, True), (200, 5, True), (201, 5, False), (1000, 1, True), (63, 16, False), (62, 16, True)],
)
def test_the_product_of_the_quotas_is_at_most_a_thousand(rules: int, groups: int, right: bool) -> None:
    assert DIALECT.check_quotas is not None
    refusal = DIALECT.check_quotas({"rules_per_group": rules, "groups_per_interface": groups})
    assert (refusal is None) is right
    if refusal:
        assert f"groups_per_interface: {1000 // rules}" in refusal[1]


def test_the_defaults_can_hold_together() -> None:
    assert DIALECT.check_quotas is not None
    assert DIALECT.check_quotas({name: default for name, (default, _, _) in QUOTAS.items()}) is None
    assert DIALECT.quotas == {"rules_per_group": (60, 1, 1000), "groups_per_interface": (5, 1, 16)}


def test_security_groups_cannot_match_source_ports() -> None:
    assert DIALECT.matches_source_ports is False
