"""The lock file: what it says, what `generate` makes of it, and every way in which it can be wrong."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command import esacloud

from esacloud import workflow
from esacloud.errors import InputError
from esacloud.hostnames.lock import Known, Lock, LockedName, digest_of, lock_path, lock_text, read_lock
from esacloud.hostnames.pinned import age_problems
from esacloud.packets.addresses import Network, parse_network

DAY = "2026-11-24"
TIME = f"{DAY}T03:00:00Z"
NAMES = ("res.cisco.com", "update-manifests.sco.cisco.com")


def lock(**addresses: str) -> Lock:
    """A lock with these addresses, or one for each name in use."""
    given = addresses or dict(zip(NAMES, ("208.90.58.1 208.90.58.2 2a04:e4c7:ffff::1", "208.90.58.3"), strict=True))
    names = {
        name: LockedName({parse_network(text): Known(DAY) for text in texts.split()}, (), 300, "10.0.0.2:53", TIME)
        for name, texts in given.items()
    }
    return Lock("mail-edge-1", 14, TIME, names)


@pytest.fixture
def file(tmp_path: Path) -> str:
    return written(tmp_path)


def written(folder: Path, **parts: Any) -> str:
    content = {
        "name": "mail-edge-1",
        "asyncos": "15.5",
        "cloud": {"aws": {"region": "eu-central-1", "vpc": "vpc-0a1b2c3d4e5f60718"}},
        "interfaces": {"management": [{"updates": {"hosts": "static"}}]},
        "hostnames": "pinned",
        **parts,
    }
    path = folder / "edge.yaml"
    path.write_text(json.dumps(content), encoding="utf-8")
    Path(lock_path(str(path))).write_text(lock_text(lock()), encoding="utf-8")
    return str(path)


def messages_of(file: str) -> str:
    with pytest.raises(InputError) as error:
        workflow.lower(workflow.read_deployment(file), "aws")
    return str(error.value)


def test_a_flow_is_made_for_each_address_of_the_lock_and_says_which_name_it_is(file: str) -> None:
    policy = workflow.compile_for(workflow.read_deployment(file), "aws")
    pinned = {(str(flow.remote), flow.ports): flow.pinned for flow in policy.flows if flow.pinned}
    assert pinned == {
        ("208.90.58.1/32", (443, 443)): ("res.cisco.com",),
        ("208.90.58.2/32", (443, 443)): ("res.cisco.com",),
        ("208.90.58.3/32", (443, 443)): ("update-manifests.sco.cisco.com",),
        ("2a04:e4c7:ffff::1/128", (443, 443)): ("res.cisco.com",),
    }
    assert not any(flow.names or flow.filtered for flow in policy.flows)


def test_an_address_that_two_names_share_makes_one_rule_that_says_both(file: str) -> None:
    shared = lock(**dict.fromkeys(NAMES, "208.90.58.1"))
    Path(lock_path(file)).write_text(lock_text(shared))
    module = workflow.generate(workflow.read_deployment(file), "aws")
    text = module.files["main.tf.json"]
    assert text.count('"cidr_ipv4": "208.90.58.1/32"') == 1
    assert "; hostnames pinned: res.cisco.com update-manifests.sco.cisco.com" in text
    assert json.loads(module.files["manifest.json"])["pinned_hostnames"] == list(NAMES)


def test_addresses_that_a_quota_forces_together_keep_their_names(tmp_path: Path) -> None:
    aws = {"region": "eu-central-1", "vpc": "vpc-0a1b2c3d4e5f60718", "quotas": {"rules_per_group": 4}}
    file = written(tmp_path, cloud={"aws": aws}, families=["ipv4"])
    eight = " ".join(f"208.90.58.{number}" for number in range(8))
    Path(lock_path(file)).write_text(lock_text(lock(**{NAMES[0]: eight, NAMES[1]: "208.90.58.3"})))
    text = workflow.generate(workflow.read_deployment(file), "aws").files["main.tf.json"]
    assert text.count('"cidr_ipv4": "208.90.58.0/29"') == 1
    assert "; hostnames pinned: res.cisco.com update-manifests.sco.cisco.com" in text


def test_the_same_lock_gives_the_same_bytes_and_its_times_change_none(file: str) -> None:
    before = workflow.generate(workflow.read_deployment(file), "aws").files
    later = lock()
    path = Path(lock_path(file))
    path.write_text(lock_text(Lock(later.deployment, 30, "2026-12-24T03:00:00Z", later.names)))
    assert workflow.generate(workflow.read_deployment(file), "aws").files == before


def test_other_addresses_give_another_digest_of_the_deployment(file: str) -> None:
    before = workflow.read_deployment(file).digest
    Path(lock_path(file)).write_text(lock_text(lock(**dict.fromkeys(NAMES, "208.90.58.9"))))
    assert workflow.read_deployment(file).digest != before


def test_a_family_that_the_file_leaves_out_is_left_out_of_the_rules(tmp_path: Path) -> None:
    policy = workflow.compile_for(workflow.read_deployment(written(tmp_path, families=["ipv4"])), "aws")
    assert {flow.remote.version for flow in policy.flows if isinstance(flow.remote, Network)} == {4}


def test_a_name_without_an_address_of_the_families_in_use_is_an_error(tmp_path: Path) -> None:
    file = written(tmp_path, families=["ipv4"])
    Path(lock_path(file)).write_text(lock_text(lock(**{NAMES[0]: "2a04:e4c7:ffff::1", NAMES[1]: "208.90.58.3"})))
    assert f"res.cisco.com has only addresses of IPv6 in {lock_path(file)}." in messages_of(file)


def test_a_name_that_the_lock_lacks_is_an_error_that_says_what_to_run(file: str) -> None:
    Path(lock_path(file)).write_text(lock_text(lock(**{NAMES[0]: "208.90.58.1"})))
    message = messages_of(file)
    assert f"update-manifests.sco.cisco.com is pinned, but {lock_path(file)} does not contain it." in message
    assert f"Run `esacloud resolve {file}`." in message
    assert "res.cisco.com" not in message


def test_without_a_lock_every_name_is_an_error(file: str) -> None:
    Path(lock_path(file)).unlink()
    message = messages_of(file)
    assert all(f"{name} is pinned, but" in message for name in NAMES)


def test_a_file_that_pins_nothing_does_not_look_at_a_lock(tmp_path: Path) -> None:
    file = written(tmp_path, hostnames="open")
    Path(lock_path(file)).write_text("broken")
    workflow.lower(workflow.read_deployment(file), "aws")


def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(lock_text(lock()))
    return made


def resealed(change: Any) -> str:
    """A lock with an edit and a digest that matches it."""
    changed = document()
    change(changed)
    changed["digest"] = digest_of(changed)
    return json.dumps(changed)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The file is not a lock of esacloud, or is truncated."),
        ("[]", "The file is not a lock of esacloud"),
        (lock_text(lock())[:200], "or is truncated"),
        ("[" * 100_000, "The file is not a lock of esacloud"),
        ("\ufffe", "The file is not a lock of esacloud"),
        (
            lock_text(lock()).replace("208.90.58.1", "208.90.58.9"),
            "digest: error: The lock was edited after esacloud wrote it",
        ),
        (lock_text(lock()).replace('"ttl": 300', '"ttl": 301', 1), "The lock was edited after esacloud wrote it"),
        (
            resealed(lambda d: d.update(lock=2)),
            "lock: error: The lock has format 2; this version of esacloud reads format 1.",
        ),
        (resealed(lambda d: d.update(lock=True)), "The lock has format True"),
        (
            resealed(lambda d: d.update(deployment="other")),
            "The lock is for the deployment 'other'; the deployment file has",
        ),
        (resealed(lambda d: d.update(names=[])), "names: error: The value is missing or has the wrong type."),
        (resealed(lambda d: d.pop("grace_days")), "grace_days: error: The value is missing"),
        (
            resealed(lambda d: d.update(resolved="yesterday")),
            "resolved: error: 'yesterday' is not a date or time as esacloud writes it.",
        ),
        (resealed(lambda d: d.update(resolved="2026-13-24T03:00:00Z")), "is not a date or time as esacloud writes it."),
        (resealed(lambda d: d["names"].update({NAMES[0]: 5})), "names.res.cisco.com: error: The value is not an object."),
        (
            resealed(lambda d: d["names"][NAMES[0]].update(aliases=[1])),
            "aliases: error: The list has an item that is not a host name.",
        ),
        (
            resealed(lambda d: d["names"][NAMES[0]]["addresses"].update({"0.0.0.0/0": {"since": DAY}})),
            "0.0.0.0/0 is a network",
        ),
        (resealed(lambda d: d["names"][NAMES[0]]["addresses"].update({"x": {"since": DAY}})), "'x' is not an IPv4 or IPv6"),
        (resealed(lambda d: d["names"][NAMES[0]]["addresses"].update({"208.90.58.8": 1})), "The value is not an object."),
        (
            resealed(lambda d: d["names"][NAMES[0]]["addresses"].update({"208.90.58.8": {"since": "now"}})),
            "is not a date or time",
        ),
    ],
    ids=lambda text: text[:25],
)
def test_a_lock_that_cannot_be_used_is_refused_in_words(file: str, text: str, says: str) -> None:
    Path(lock_path(file)).write_text(text, encoding="utf-8")
    ran = esacloud("generate", file, "--out", Path(file).parent / "out")
    assert ran.code == 2
    assert lock_path(file) in ran.err
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_a_lock_that_may_not_be_read_is_refused(file: str) -> None:
    Path(lock_path(file)).unlink()
    Path(lock_path(file)).mkdir()
    assert "The lock cannot be read: Is a directory." in messages_of(file)


@pytest.mark.skipif(os.name == "nt", reason="file modes")
def test_the_lock_is_written_readable_for_all(file: str, tmp_path: Path) -> None:
    from esacloud.hostnames.resolve import Resolved, write_lock

    write_lock(Resolved("mail-edge-1", str(tmp_path / "l.json"), None, lock(), (), ()))
    assert (tmp_path / "l.json").stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_an_old_lock_is_a_warning_and_one_from_the_future_is_refused(file: str) -> None:
    deployment, then = workflow.read_deployment(file), datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    assert list(age_problems(deployment, then + timedelta(days=30))) == []
    assert list(age_problems(deployment, then - timedelta(minutes=9))) == []
    (old,) = age_problems(deployment, then + timedelta(days=31))
    assert old.severity == "warning"
    assert "31 days ago" in old.message
    (future,) = age_problems(deployment, then - timedelta(days=1))
    assert future.severity == "error"
    assert "The lock is from the future" in future.message


@pytest.mark.parametrize(("year", "code"), [("2020", 0), ("2999", 2)])
def test_generate_warns_of_an_old_lock_and_refuses_one_from_the_future(file: str, year: str, code: int) -> None:
    kept = lock()
    path = Path(lock_path(file))
    path.write_text(lock_text(Lock(kept.deployment, 14, f"{year}-01-01T00:00:00Z", kept.names)))
    ran = esacloud("generate", file, "--out", Path(file).parent / "out", "-q")
    assert ran.code == code
    assert ("days ago and may have changed." if code == 0 else "The lock is from the future") in ran.err


LABELS = st.sampled_from(["a.example", "b.example", "xn--bcher-kva.example", "c-1.example"])
ADDRESSES = st.builds(lambda n: Network(4, n, 32), st.integers(0, 2**32 - 1)) | st.builds(
    lambda n: Network(6, n, 128), st.integers(2**60, 2**128 - 1)
)
DAYS = st.dates().map(lambda day: day.isoformat())
TIMES = st.datetimes().map(lambda time: time.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0"))
LOCKS = st.builds(
    Lock,
    st.just("edge"),
    st.integers(0, 3650),
    TIMES,
    st.dictionaries(
        LABELS,
        st.builds(
            LockedName,
            st.dictionaries(ADDRESSES, st.builds(Known, DAYS, st.none() | DAYS)),
            st.lists(LABELS).map(tuple),
            st.integers(0, 2**31),
            st.just("[2001:db8::53]:53"),
            TIMES,
        ),
    ),
)


@given(LOCKS)
def test_a_lock_that_is_written_and_read_is_the_same_lock(tmp_path_factory: pytest.TempPathFactory, made: Lock) -> None:
    path = tmp_path_factory.getbasetemp() / "any.lock.json"
    path.write_text(lock_text(made), encoding="utf-8")
    assert read_lock(str(path), "edge") == made
    assert lock_text(made) == path.read_text(encoding="utf-8")
