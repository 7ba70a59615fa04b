"""Starting and stopping, and what tests see of the state."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from azure.mgmt.network import NetworkManagementClient
from support.arm import GROUP, LOCATION, nsg, path, rule, rules

from esacloud.lab.arm import ArmEmulator
from esacloud.lab.arm.emulator import Snapshot

NSG = path("networkSecurityGroups", "nsg")

UNMODIFIED = """
import os
from azure.identity import EnvironmentCredential
from azure.mgmt.network import NetworkManagementClient

endpoint = os.environ["ENDPOINT"]
credential = EnvironmentCredential(disable_instance_discovery=True)
client = NetworkManagementClient(
    credential, os.environ["AZURE_SUBSCRIPTION_ID"], base_url=endpoint, credential_scopes=[endpoint + "/.default"]
)
poller = client.network_security_groups.begin_create_or_update("rg-mail", "nsg", {"location": "westeurope"})
print(poller.result().provisioning_state.value)
"""


def test_a_program_is_pointed_at_it_by_environment_variables_alone(arm_emulator: ArmEmulator) -> None:
    environment = os.environ | arm_emulator.environment() | {"ENDPOINT": arm_emulator.url}
    ran = subprocess.run([sys.executable, "-c", UNMODIFIED], env=environment, capture_output=True, text=True, check=False)
    assert (ran.stdout.strip(), ran.returncode) == ("Succeeded", 0), ran.stderr
    assert [one["name"] for one in arm_emulator.snapshot().values()] == ["nsg"]


def test_the_listener_sees_every_state_in_its_order(arm_client: NetworkManagementClient, arm_emulator: ArmEmulator) -> None:
    seen: list[list[str]] = []

    def listener(snapshot: Snapshot) -> None:
        held = [rule["name"] for one in snapshot.values() for rule in one["properties"]["securityRules"]]
        if not seen or held != seen[-1]:
            seen.append(held)

    arm_emulator.listen(listener)
    groups = arm_client.network_security_groups
    for count in (1, 3, 2):
        groups.begin_create_or_update(GROUP, "nsg", nsg(*rules(count))).result()
    groups.begin_delete(GROUP, "nsg").result()
    assert [len(held) for held in seen] == [1, 3, 2, 0]


def test_what_a_listener_raises_reaches_the_test() -> None:
    def never(_: Snapshot) -> None:
        raise AssertionError("the invariant does not hold")

    def write() -> None:
        with ArmEmulator(resource_groups={GROUP: LOCATION}) as emulator:
            emulator.listen(never)
            assert emulator.send("PUT", NSG, nsg()).status == 201

    with pytest.raises(AssertionError, match="does not hold"):
        write()


def test_a_snapshot_stays_as_it_was(arm_emulator: ArmEmulator) -> None:
    arm_emulator.send("PUT", NSG, nsg(rule("one")))
    before = arm_emulator.snapshot()
    arm_emulator.send("PUT", NSG, nsg(rule("two")))
    before[NSG]["properties"]["securityRules"][0]["properties"]["access"] = "changed"
    assert [one["name"] for one in before[NSG]["properties"]["securityRules"]] == ["one"]
    (held,) = arm_emulator.snapshot()[NSG]["properties"]["securityRules"]
    assert (held["name"], held["properties"]["access"]) == ("two", "Allow")


def test_two_emulators_know_nothing_of_each_other(arm_emulator: ArmEmulator) -> None:
    with ArmEmulator(resource_groups={GROUP: LOCATION}) as other:
        other.send("PUT", NSG, nsg())
        assert arm_emulator.snapshot() == {}
        token = other.token()
        strange = requests.get(
            arm_emulator.url + NSG, headers={"Authorization": f"Bearer {token}"}, verify=arm_emulator.ca_file, timeout=10
        )
        assert strange.status_code == 401


def test_after_the_end_nothing_answers_and_nothing_is_left(tmp_path: Path) -> None:
    with ArmEmulator(resource_groups={GROUP: LOCATION}) as emulator, requests.Session() as session:
        assert session.get(emulator.url, verify=emulator.ca_file, timeout=10).status_code == 401
        directory, ca_file = Path(emulator.ca_file).parent, str(tmp_path / "ca.pem")
        Path(ca_file).write_bytes(Path(emulator.ca_file).read_bytes())
        emulator.stop()
        with pytest.raises(requests.exceptions.RequestException):  # on the connection that was open, and on a new one
            session.get(emulator.url, verify=ca_file, timeout=10)
    assert not directory.exists()


def test_the_certificate_stays_in_the_directory_that_was_given(tmp_path: Path) -> None:
    with ArmEmulator(directory=tmp_path) as emulator:
        assert emulator.ca_file == str(tmp_path / "ca.pem")
    assert (tmp_path / "ca.pem").exists()
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0


def test_the_certificate_passes_the_strict_checks_of_newer_pythons(arm_emulator: ArmEmulator) -> None:
    context = ssl.create_default_context(cafile=arm_emulator.ca_file)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for host in ("127.0.0.1", "localhost"):
        port = int(arm_emulator.url.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            assert secure.version() in ("TLSv1.2", "TLSv1.3")


def test_other_projects_use_its_fixtures_by_naming_the_plugin(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["esacloud.lab.arm.pytest_plugin"]\n')
    (tmp_path / "test_it.py").write_text(
        "def test_it(arm_client, arm_emulator):\n"
        "    assert list(arm_client.network_security_groups.list('rg-mail')) == []\n"
        "    assert [call.status for call in arm_emulator.calls if call.is_about_state] == [200]\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "1 passed" in ran.stdout


def test_the_port_can_be_chosen() -> None:
    with ArmEmulator() as first:
        port = int(first.url.rpartition(":")[2])
    with ArmEmulator(port=port) as second:
        assert second.url == f"https://127.0.0.1:{port}"
