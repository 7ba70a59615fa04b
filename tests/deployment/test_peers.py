"""What an item of a peer may be, for one cloud and for several."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.deployments import TWO_CLOUDS, made, problems

from esacloud.deployment.model import AnyAddress, Hostname, PeerItem, Reference, SelfReference
from esacloud.deployment.names import hostname_refusal
from esacloud.packets.addresses import parse_network

GROUP, LIST = "sg-0123456789abcdef0", "pl-0123456789abcdef0"


def items(*written: Any, **parts: Any) -> tuple[PeerItem, ...]:
    return made(peers={"dns-servers": list(written)}, **parts).peers["dns-servers"].items


def remotes(*written: Any, **parts: Any) -> list[Any]:
    return [item.remote for item in items(*written, **parts)]


def refusal(written: Any, **parts: Any) -> str:
    (problem,) = problems(peers={"dns-servers": [written]}, **parts)
    assert problem.severity == "error"
    assert (problem.place.key or "").startswith("peers.dns-servers[0]")
    return f"{problem.message} {problem.hint}"


def test_every_kind_of_item_is_read() -> None:
    assert remotes("10.0.0.0/8", "2001:db8::1", "any", "self", "NTP.Example.com.") == [
        parse_network("10.0.0.0/8"),
        parse_network("2001:db8::1"),
        AnyAddress(),
        SelfReference(),
        Hostname("ntp.example.com"),
    ]
    assert remotes(GROUP, f"123456789012/{GROUP}", "sg-01234567") == [
        Reference("aws", "security_group", GROUP),
        Reference("aws", "security_group", f"123456789012/{GROUP}"),
        Reference("aws", "security_group", "sg-01234567"),
    ]


def test_an_item_may_be_a_mapping_with_a_note() -> None:
    read = items(
        {"network": "10.0.0.0/8", "note": "inside"},
        {"hostname": "ntp.example.com"},
        {"security_group": GROUP, "note": "desktops"},
        {"prefix_list": LIST, "max_entries": 20, "family": "ipv6"},
    )
    assert [item.note for item in read] == ["inside", None, "desktops", None]
    assert [item.remote for item in read] == [
        parse_network("10.0.0.0/8"),
        Hostname("ntp.example.com"),
        Reference("aws", "security_group", GROUP),
        Reference("aws", "prefix_list", LIST, 20, 6),
    ]


def test_one_item_may_stand_without_a_list() -> None:
    assert made(peers={"dns-servers": "any"}).peers["dns-servers"].items[0].remote == AnyAddress()
    peer = made(peers={"dns-servers": {"prefix_list": LIST, "max_entries": 1}}).peers["dns-servers"]
    assert peer.items[0].remote == Reference("aws", "prefix_list", LIST, 1)


def test_a_reference_always_has_its_cloud() -> None:
    assert items(GROUP)[0].cloud == "aws"
    assert items("10.0.0.0/8")[0].cloud is None


def test_a_line_may_say_something_else_to_each_cloud() -> None:
    read = items({"aws": [GROUP, "10.0.0.2"], "nimbus": {"flock": "Sheep"}}, "10.0.0.3", cloud=TWO_CLOUDS)
    assert [(item.cloud, item.remote) for item in read] == [
        ("aws", Reference("aws", "security_group", GROUP)),
        ("aws", parse_network("10.0.0.2")),
        ("nimbus", Reference("nimbus", "flock", "Sheep")),
        (None, parse_network("10.0.0.3")),
    ]
    assert [item.place.key for item in read] == [
        "peers.dns-servers[0].aws[0]",
        "peers.dns-servers[0].aws[1]",
        "peers.dns-servers[0].nimbus",
        "peers.dns-servers[1]",
    ]


def test_a_reference_that_only_one_of_the_clouds_knows_has_to_stand_under_it() -> None:
    assert "Nimbus cannot resolve it. Write {aws: …, nimbus: …}" in refusal(GROUP, cloud=TWO_CLOUDS)
    assert "AWS cannot resolve it" in refusal({"flock": "Sheep"}, cloud=TWO_CLOUDS)
    assert "AWS cannot resolve it" in refusal({"aws": {"flock": "Sheep"}}, cloud=TWO_CLOUDS)


def test_an_item_for_a_cloud_that_the_file_does_not_name_is_refused() -> None:
    assert "the file names only aws. Add `cloud.nimbus`, or remove this item." in refusal({"nimbus": "10.0.0.2"})
    assert "This is a flock of Nimbus" in refusal({"flock": "Sheep"})
    nimbus = {"nimbus": {"zone": "z1"}}
    assert "This is a security group of AWS, and Nimbus cannot resolve it." in refusal(GROUP, cloud=nimbus)


def test_a_name_that_may_be_an_id_has_to_say_which() -> None:
    nimbus = {"nimbus": {"zone": "z1"}}
    message = refusal("Sheep.Merino", cloud=nimbus)
    assert message.endswith("Write sheep.merino for a host name or {flock: Sheep.Merino}.")
    assert remotes("sheep.merino", cloud=nimbus) == [Hostname("sheep.merino")]


def test_the_same_network_twice_is_kept_once_with_a_warning() -> None:
    deployment = made(peers={"dns-servers": ["10.0.0.2", "10.0.0.2/32", "any"]})
    assert len(deployment.peers["dns-servers"].items) == 2
    (warning,) = deployment.warnings
    assert (warning.severity, warning.place.key) == ("warning", "peers.dns-servers[1]")


def test_the_same_network_for_two_clouds_is_no_double() -> None:
    assert len(items({"aws": "10.0.0.2", "nimbus": "10.0.0.2"}, cloud=TWO_CLOUDS)) == 2


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_what_is_of_a_family_that_the_file_leaves_out_is_refused(family: str) -> None:
    other = {"ipv4": "2001:db8::/32", "ipv6": "10.0.0.0/8"}[family]
    assert "`families` does not contain" in refusal(other, families=[family])
    assert "`families` does not contain" in refusal({"network": other}, families=[family])
    left_out = {"ipv4": "ipv6", "ipv6": "ipv4"}[family]
    listed = {"prefix_list": LIST, "max_entries": 2, "family": left_out}
    assert f"`families` does not contain {left_out}" in refusal(listed, families=[family])


@pytest.mark.parametrize("word", ["nameserver", "selff", "sg-0123", "localhost", "true", "a" * 300, "网关"])
def test_a_single_word_is_never_a_host_name(word: str) -> None:
    refusal(word)


@pytest.mark.parametrize(
    "name",
    [
        "a.b",
        "a-b.example.com",
        "1.example.com",
        "xn--bcher-kva.example",
        "A.EXAMPLE.COM.",
        f"{'a' * 63}.example",
        ".".join(["a" * 49] * 5) + ".abc",
    ],
)
def test_host_names_of_rfc_1123_are_taken(name: str) -> None:
    assert hostname_refusal(name) is None


@pytest.mark.parametrize(
    "name",
    ["a..b", ".a.b", "-a.example.com", "a-.example.com", "a_b.example.com", "10.0.0", "a.example.com..", "a b.example.com",
     f"{'a' * 64}.example", ".".join(["a" * 49] * 5) + ".abcd", "*.example.com", "bücher.example", "a.example.com\n"],
)  # fmt: skip
def test_what_is_no_host_name_is_refused_in_two_sentences(name: str) -> None:
    refused = hostname_refusal(name)
    assert refused is not None
    assert all(sentence.endswith(".") for sentence in refused)


def test_what_yaml_reads_as_a_number_is_no_host_name_without_quotes() -> None:
    (problem,) = problems(peers={"dns-servers": [3.5e-300]})
    assert problem.message == "YAML reads 3.5e-300 as a number."
    assert remotes("3.5e-300") == [Hostname("3.5e-300")]


@given(st.text(max_size=80))
@example("\x1f:0")
@example("http://\x1f/")
@example(":25")
def test_any_text_is_either_a_remote_or_refused_at_its_place(text: str) -> None:
    found = problems(peers={"dns-servers": [text]})
    assert len(found) <= 1
    for problem in found:
        assert problem.place.key == "peers.dns-servers[0]"
        assert problem.message.endswith(".")
        assert problem.hint.endswith(".")
        assert problem.message.isprintable()
        assert problem.hint.isprintable()
