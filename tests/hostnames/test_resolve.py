"""`esacloud resolve` against a real DNS server on loopback whose zones rotate, fail and lie."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.command import esacloud
from support.dns import Server, Zone, dns_server
from support.schemas import valid

from esacloud.errors import InputError, OutsideError
from esacloud.hostnames.lock import lock_path
from esacloud.hostnames.resolve import Resolved, resolve, write_lock

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
GOOD = {
    "update-manifests.sco.cisco.com": Zone(["208.90.58.5"]),
    "res.cisco.com": Zone(alias="edge.example"),
    "edge.example": Zone(["184.94.240.5", "2a04:e4c7:ffff::5"]),
    "downloads.ironport.com": Zone(["208.90.58.6"]),
    "updates.ironport.com": Zone(["208.90.58.7"]),
}


@pytest.fixture
def file(tmp_path: Path) -> str:
    return written(tmp_path)


def written(folder: Path, **parts: Any) -> str:
    content = {
        "name": "mail-edge-1",
        "asyncos": "15.5",
        "cloud": {"aws": {"region": "eu-central-1", "vpc": "vpc-0a1b2c3d4e5f60718"}},
        "interfaces": {"management": ["updates"]},
        "hostnames": "pinned",
        **parts,
    }
    path = folder / "edge.yaml"
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def resolved(file: str, server: Server, now: datetime = NOW, **more: Any) -> Resolved:
    found = resolve(file, now=now, servers=[server.address], timeout=more.pop("timeout", 5.0), **more)
    write_lock(found)
    return found


def addresses(found: Resolved, name: str) -> list[str]:
    return [str(network) for network in found.lock.addresses()[name]]


def refusal(file: str, zones: dict[str, Zone], **more: Any) -> str:
    with dns_server(zones) as server, pytest.raises((InputError, OutsideError)) as error:
        resolved(file, server, **more)
    assert not Path(lock_path(file)).exists()
    return f"{type(error.value).__name__}: {error.value}"


def with_one(zone: Zone) -> dict[str, Zone]:
    return {**GOOD, "res.cisco.com": zone}


def test_every_name_in_use_is_asked_for_both_families_and_no_other(file: str) -> None:
    with dns_server(dict(GOOD)) as server:
        found = resolved(file, server)
    assert {name for name, _ in server.asked} == GOOD.keys() - {"edge.example"} == found.lock.names.keys()
    assert sorted(server.asked) == sorted((name, kind) for name in found.lock.names for kind in ("A", "AAAA"))


def test_the_lock_says_chain_time_to_live_resolver_and_day(file: str) -> None:
    with dns_server(dict(GOOD)) as server:
        resolved(file, server)
    locked = json.loads(Path(lock_path(file)).read_text())["names"]["res.cisco.com"]
    assert locked == {
        "aliases": ["edge.example"],
        "ttl": 300,
        "resolver": server.option,
        "changed": "2026-11-24T03:00:00Z",
        "addresses": {"184.94.240.5": {"since": "2026-11-24"}, "2a04:e4c7:ffff::5": {"since": "2026-11-24"}},
    }


def test_a_second_run_with_the_same_answers_changes_two_lines(file: str) -> None:
    with dns_server(dict(GOOD)) as server:
        resolved(file, server)
        before = Path(lock_path(file)).read_text().splitlines()
        assert not resolved(file, server, NOW + timedelta(days=1)).changed
    after = Path(lock_path(file)).read_text().splitlines()
    changed = [line for line, other in zip(after, before, strict=True) if line != other]
    assert [line.split('"')[1] for line in changed] == ["resolved", "digest"]


def test_hosts_that_take_turns_are_all_kept_until_their_grace_is_over(file: str) -> None:
    turning = [f"208.90.58.{number}" for number in range(10, 16)]
    with dns_server(with_one(Zone(turning, turns=2))) as server:
        for day in range(12):
            found = resolved(file, server, NOW + timedelta(days=day))
        assert addresses(found, "res.cisco.com") == [f"{text}/32" for text in turning]
        server.zones["res.cisco.com"] = Zone([turning[0]])
        kept = resolved(file, server, NOW + timedelta(days=22))
        assert addresses(kept, "res.cisco.com") == [f"{text}/32" for text in turning]
        assert not kept.changed
        late = resolved(file, server, NOW + timedelta(days=40))
    assert addresses(late, "res.cisco.com") == [f"{turning[0]}/32"]
    assert late.changed


def test_a_grace_of_no_days_drops_an_address_on_the_next_day(file: str) -> None:
    with dns_server(with_one(Zone(["208.90.58.10", "208.90.58.11"]))) as server:
        resolved(file, server, grace_days=0)
        server.zones["res.cisco.com"] = Zone(["208.90.58.10"])
        assert addresses(resolved(file, server, NOW + timedelta(days=1)), "res.cisco.com") == ["208.90.58.10/32"]


def test_an_address_that_comes_back_keeps_the_day_it_was_first_seen(file: str) -> None:
    with dns_server(with_one(Zone(["208.90.58.10", "208.90.58.11"]))) as server:
        resolved(file, server)
        server.zones["res.cisco.com"] = Zone(["208.90.58.10"])
        resolved(file, server, NOW + timedelta(days=2))
        assert '"208.90.58.11": {"since": "2026-11-24", "last": "2026-11-24"}' in Path(lock_path(file)).read_text()
        server.zones["res.cisco.com"] = Zone(["208.90.58.10", "208.90.58.11"])
        resolved(file, server, NOW + timedelta(days=3))
    assert '"208.90.58.11": {"since": "2026-11-24"}' in Path(lock_path(file)).read_text()


def test_a_name_out_of_use_leaves_the_lock(file: str, tmp_path: Path) -> None:
    with dns_server(dict(GOOD)) as server:
        resolved(file, server)
        written(tmp_path, interfaces={"management": [{"updates": {"hosts": "static"}}]})
        found = resolved(file, server, NOW + timedelta(days=1))
    assert found.lock.names.keys() == {"res.cisco.com", "update-manifests.sco.cisco.com"}
    assert found.changed


def test_the_static_update_hosts_and_networks_of_the_table_are_not_asked_for(tmp_path: Path) -> None:
    file = written(tmp_path, interfaces={"management": [{"updates": {"hosts": "static"}}, "reputation"]})
    with dns_server(dict(GOOD)) as server:
        resolved(file, server)
    assert {name for name, _ in server.asked} == {"res.cisco.com", "update-manifests.sco.cisco.com"}


def test_answers_in_a_case_of_the_server_s_own_are_taken_in_lower_case(file: str) -> None:
    zones = {
        **GOOD,
        "res.cisco.com": Zone(alias="edge.example", case=True),
        "edge.example": Zone(["184.94.240.5"], case=True),
    }
    with dns_server(zones) as server:
        found = resolved(file, server)
    assert found.lock.names["res.cisco.com"].aliases == ("edge.example",)
    assert addresses(found, "res.cisco.com") == ["184.94.240.5/32"]


def test_an_answer_to_another_question_is_not_taken(file: str) -> None:
    message = refusal(file, with_one(Zone(["208.90.58.9"], other="evil.example")), timeout=1.0)
    assert message.startswith("OutsideError")
    assert "res.cisco.com" in message


def test_an_answer_too_large_for_udp_is_asked_for_over_tcp(file: str) -> None:
    many = [f"208.90.{58 + number // 90}.{number % 90 + 1}" for number in range(95)]
    with dns_server(with_one(Zone(many))) as server:
        found = resolved(file, server)
    assert len(addresses(found, "res.cisco.com")) == 95


@pytest.mark.parametrize(
    ("zone", "says"),
    [
        (Zone(["10.0.0.5"]), "InputError: {place}: error: res.cisco.com resolves to 10.0.0.5, which is not public"),
        (Zone(["208.90.58.1", "127.0.0.1"]), "res.cisco.com resolves to 127.0.0.1, which is not public"),
        (Zone(["208.90.58.1", "::1"]), "res.cisco.com resolves to ::1, which is not public"),
        (Zone(["169.254.169.254"]), "res.cisco.com resolves to 169.254.169.254, which is not public"),
        (Zone(["208.90.58.1", "::ffff:a00:1"]), "res.cisco.com resolves to ::ffff:"),
        (Zone(["208.90.58.1", "64:ff9b::a00:1"]), "res.cisco.com resolves to 64:ff9b::a00:1, which"),
        (Zone(["208.90.58.1", "2002:7f00:1::1"]), "res.cisco.com resolves to 2002:7f00:1::1, which"),
        (
            Zone([f"208.90.{n // 200}.{n % 200 + 1}" for n in range(500)]),
            "res.cisco.com resolves to 500 addresses; the maximum for pinning is 100",
        ),
        (Zone(), "res.cisco.com has no address."),
        (Zone(alias="nowhere.example"), "res.cisco.com has no address through nowhere.example."),
        (
            Zone(code="SERVFAIL"),
            "OutsideError: {place}: error: Every resolver failed for res.cisco.com: {server} answered SERVFAIL.",
        ),
        (Zone(code="REFUSED"), "Every resolver failed for res.cisco.com: {server} answered REFUSED."),
        (Zone(code="NXDOMAIN"), "InputError: {place}: error: res.cisco.com does not exist (NXDOMAIN). Correct the name"),
        (Zone(["208.90.58.1"], code_of={"AAAA": "SERVFAIL"}), "Every resolver failed for res.cisco.com"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_name_that_cannot_be_pinned_keeps_the_lock_from_being_written(file: str, zone: Zone, says: str) -> None:
    with dns_server(with_one(zone)) as server, pytest.raises((InputError, OutsideError)) as error:
        resolved(file, server)
    message = f"{type(error.value).__name__}: {error.value}"
    assert says.format(place=f"{file}:1:152: interfaces.management[0]", server=server.option) in message
    assert not Path(lock_path(file)).exists()


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_asked(file: str) -> None:
    message = refusal(file, with_one(Zone(silent=True)), timeout=0.5)
    assert "OutsideError" in message
    assert "No resolver answered for res.cisco.com in 0.5 seconds." in message


def test_a_chain_longer_than_any_real_one_is_refused(file: str) -> None:
    zones = with_one(Zone(alias="a.example"))
    for number in range(20):
        zones[f"{'a' * (number + 1)}.example"] = Zone(alias=f"{'a' * (number + 2)}.example")
    assert "res.cisco.com" in refusal(file, zones)


def test_ipv6_alone_is_refused_where_the_file_leaves_it_out(tmp_path: Path) -> None:
    file = written(tmp_path, families=["ipv4"])
    message = refusal(file, with_one(Zone(["2a04:e4c7:ffff::5"])))
    assert "res.cisco.com has only IPv6 addresses, and `families` does not have IPv6." in message


def test_ipv6_alone_is_pinned_where_the_file_has_it(file: str) -> None:
    with dns_server(with_one(Zone(["2a04:e4c7:ffff::5"]))) as server:
        assert addresses(resolved(file, server), "res.cisco.com") == ["2a04:e4c7:ffff::5/128"]


def test_a_server_that_denies_a_name_its_ipv6_is_forgiven(file: str) -> None:
    with dns_server(with_one(Zone(["208.90.58.1"], code_of={"AAAA": "NXDOMAIN"}))) as server:
        assert addresses(resolved(file, server), "res.cisco.com") == ["208.90.58.1/32"]


def test_the_next_resolver_is_asked_when_the_first_fails(file: str) -> None:
    bad = {name: Zone(code="SERVFAIL") for name in GOOD}
    with dns_server(bad) as broken, dns_server(dict(GOOD)) as server:
        found = resolve(file, now=NOW, servers=[broken.address, server.address])
    assert found.lock.names["res.cisco.com"].resolver == server.option


def test_all_names_are_asked_at_the_same_time(file: str) -> None:
    slow = {name: Zone(zone.addresses, zone.alias, delay=0.3) for name, zone in GOOD.items()}
    with dns_server(slow) as server:
        resolved(file, server)
    assert server.most_at_once >= 4


def test_every_problem_is_reported_at_once(file: str) -> None:
    zones = {**GOOD, "res.cisco.com": Zone(["10.0.0.1"]), "updates.ironport.com": Zone(code="SERVFAIL")}
    message = refusal(file, zones)
    assert message.startswith("InputError")
    assert "res.cisco.com" in message
    assert "updates.ironport.com" in message


def test_names_are_collected_over_all_clouds_of_a_file(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        interfaces={"management": ["ntp"]},
        peers={"ntp-servers": [{"aws": "ntp.example.net"}, "Time.Example.ORG."]},
    )
    zones = {"ntp.example.net": Zone(["208.90.58.1"]), "time.example.org": Zone(["208.90.58.2"])}
    with dns_server(zones) as server:
        assert list(resolved(file, server).lock.names) == ["ntp.example.net", "time.example.org"]


def test_the_command_writes_checks_and_says_what_moved(file: str) -> None:
    with dns_server(dict(GOOD)) as server:
        missing = esacloud("resolve", file, "--resolver", server.option, "--check")
        assert missing.code == 1
        assert not Path(lock_path(file)).exists()
        first = esacloud("resolve", file, "--resolver", server.option)
        assert first.code == 0
        assert "res.cisco.com: + 184.94.240.5, 2a04:e4c7:ffff::5" in first.out
        assert first.out.endswith("4 names, 5 addresses; addresses changed; written\n")
        text = Path(lock_path(file)).read_bytes()
        valid(json.loads(text), "lock")
        assert esacloud("resolve", file, "--resolver", server.option, "--check").code == 0
        server.zones["updates.ironport.com"] = Zone(["208.90.58.99"])
        moved = esacloud("resolve", file, "--resolver", server.option, "--check", "--json")
    assert moved.code == 1
    assert Path(lock_path(file)).read_bytes() == text
    document = valid(json.loads(moved.out), "resolve")
    (updates,) = (one for one in document["names"] if one["name"] == "updates.ironport.com")
    assert (updates["added"], updates["in_grace"], updates["removed"]) == (["208.90.58.99"], ["208.90.58.7"], [])


@pytest.mark.parametrize("text", ["", "resolver", "10.0.0.1:0", "10.0.0.1:99999", "10.0.0.0/8", "[::1", "10.0.0.1:x"])
def test_a_resolver_that_is_none_is_a_wrong_use(file: str, text: str) -> None:
    ran = esacloud("resolve", file, "--resolver", text)
    assert ran.code == 2
    assert "--resolver" in ran.err
    assert "Traceback" not in ran.err


def test_a_file_that_pins_nothing_gets_a_warning_and_an_empty_lock(tmp_path: Path) -> None:
    file = written(tmp_path, hostnames="open")
    with dns_server({}) as server:
        ran = esacloud("resolve", file, "--resolver", server.option, "--check")
    assert "No host name of this file is pinned" in ran.err


def test_a_lock_from_the_future_is_not_gone_on_with(file: str) -> None:
    with dns_server(dict(GOOD)) as server:
        resolved(file, server)
        before = Path(lock_path(file)).read_bytes()
        with pytest.raises(InputError, match="The lock is from the future"):
            resolved(file, server, NOW - timedelta(days=1))
    assert Path(lock_path(file)).read_bytes() == before


def test_a_lock_that_was_edited_is_not_gone_on_with(file: str) -> None:
    with dns_server(dict(GOOD)) as server:
        resolved(file, server)
        path = Path(lock_path(file))
        path.write_text(path.read_text().replace("184.94.240.5", "184.94.240.6"))
        with pytest.raises(InputError, match="The lock was edited"):
            resolved(file, server)
        assert not server.asked[8:]


def test_a_disk_that_refuses_leaves_the_lock_as_it_was(file: str, tmp_path: Path) -> None:
    with dns_server(dict(GOOD)) as server:
        found = resolve(file, now=NOW, servers=[server.address])
    Path(lock_path(file)).mkdir()
    with pytest.raises(OutsideError, match="The lock cannot be written: Is a directory"):
        write_lock(found)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_what_was_resolved_is_what_generate_opens(file: str, tmp_path: Path) -> None:
    with dns_server(dict(GOOD)) as server:
        assert esacloud("resolve", file, "--resolver", server.option).code == 0
    ran = esacloud("generate", file, "--out", tmp_path / "out", "-q")  # the server is gone
    assert (ran.code, ran.err) == (0, "")
    rules = json.loads((tmp_path / "out" / "main.tf.json").read_text())["locals"]["egress_rules"]
    opened = {rule.get("cidr_ipv4") or rule["cidr_ipv6"] for rule in rules.values()}
    assert opened == {
        *("208.90.58.5/32", "208.90.58.6/32", "208.90.58.7/32", "184.94.240.5/32"),
        "2a04:e4c7:ffff::5/128",
    }
