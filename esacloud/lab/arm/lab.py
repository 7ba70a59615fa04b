"""The lab for Azure: the Resource Manager emulator, with stand-ins for resources that a deployment file names.

A file has the ids of subnets and network interfaces, and the names of groups. The lab creates them on demand with the
ids of the file, in any subscription. Its address ends in the path of the certificate that clients trust.
"""

from __future__ import annotations

import json
import signal
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPSConnection
from types import FrameType
from typing import Any
from urllib.parse import urldefrag, urlencode, urlsplit

from esacloud.azure.live.client import client_for
from esacloud.azure.live.scope import GROUPS, MEMBERS, SUBNETS, ResourceId, parse_id
from esacloud.azure.model import SELF
from esacloud.change.live import Connection
from esacloud.deployment.model import Deployment
from esacloud.errors import OutsideError
from esacloud.lab.arm.emulator import API_VERSION, CLIENT, SECRET, SUBSCRIPTION, TENANT, ArmEmulator
from esacloud.policy.actual import DEPLOYMENT_TAG
from esacloud.policy.lowered import Lowered

_NETWORK, _SPACE = "stand-in", "10.0.0.0/8"
_POLL_SECONDS, _LONGEST_WAIT = 0.1, 30.0  # for a lab that lags to show what was made in it


def serve(ready: Callable[[str], None], lag: float = 0.0) -> None:
    """Serve until the process ends; `ready` is told the address. Reads are so many seconds behind."""
    signal.signal(signal.SIGTERM, _end)  # so that the certificate's directory goes with the process
    signal.signal(signal.SIGINT, _end)
    with ArmEmulator(any_subscription=True, lag=lag) as arm:
        ready(f"{arm.url}#{arm.ca_file}")
        signal.pause()


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def connection(address: str) -> Connection:
    """How to reach the lab."""
    url, ca_file = urldefrag(address)
    return Connection(
        endpoint_url=url,
        credentials={
            "subscription_id": SUBSCRIPTION,
            "tenant_id": TENANT,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "authority": url,
            "ca_file": ca_file,
        },
    )


def furnish(where: Connection, deployment: Deployment, lowered: Lowered | None) -> tuple[str, ...]:
    """Create what the deployment file names and the lab lacks, with the ids of the file. Returns what was created."""
    settings = deployment.clouds["azure"]
    location, group = settings.values["location"], settings.values["resource_group"]
    subscription = settings.values.get("subscription", SUBSCRIPTION)
    lab = _Lab(where, subscription, location)
    lab.need_group(group)
    base = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network"
    for keys in settings.interfaces.values():
        for name in keys.get("group", ()):
            lab.need(f"{base}/{GROUPS}/{name}", {})
        for one in keys.get("subnets", ()):
            lab.need_subnet(parse_id(one))
        for one in keys.get("network_interfaces", ()):
            lab.need_interface(one)
    for named in sorted(_members(lowered)):
        lab.need(named if named.startswith("/") else f"{base}/{MEMBERS}/{named}", {})
    lab.wait_until_shown()
    return tuple(lab.made)


def in_use(where: Connection, deployment: Deployment) -> bool:
    """Whether a group of any deployment is left in the subscription."""
    subscription = deployment.clouds["azure"].values.get("subscription", SUBSCRIPTION)
    client = client_for(where, subscription)
    return any(DEPLOYMENT_TAG in (group.tags or {}) for group in client.network_security_groups.list_all())


def instructions(address: str) -> str:
    """How other programs connect to the lab."""
    url, ca_file = urldefrag(address)
    variables = {
        "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION,
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_CLIENT_SECRET": SECRET,
        "AZURE_AUTHORITY_HOST": url,
        "REQUESTS_CA_BUNDLE": ca_file,
        "SSL_CERT_FILE": ca_file,
    }
    exports = "\n".join(f"    export {name}={value}" for name, value in variables.items())
    return f"""\
Azure lab at {url}: resource groups, network and application security groups, networks, subnets, network interfaces.
It has every subscription. Its content is lost when it stops.

the shell, for esacloud and for DefaultAzureCredential:
{exports}
    esacloud plan FILE --endpoint-url {url}

the Azure SDK:
    NetworkManagementClient(DefaultAzureCredential(disable_instance_discovery=True), "{SUBSCRIPTION}",
                            base_url="{url}", credential_scopes=["{url}/.default"])
"""


def _members(lowered: Lowered | None) -> Iterator[str]:
    """The application security groups that rules name, except the deployment's own."""
    for group in lowered.native.groups if lowered else ():
        for rule in group.rules:
            for name in (*rule.source_application_security_groups, *rule.destination_application_security_groups):
                if name != SELF:
                    yield name


class _Lab:
    """A lab that is being furnished."""

    def __init__(self, where: Connection, subscription: str, location: str) -> None:
        given = where.credentials or {}
        place = urlsplit(str(where.endpoint_url))
        trust = ssl.create_default_context(cafile=given["ca_file"])
        self.wire = HTTPSConnection(place.hostname or "", place.port, context=trust, timeout=60)
        form = {name: given[name] for name in ("client_id", "client_secret")} | {"grant_type": "client_credentials"}
        _, granted = self._ask("POST", f"/{given['tenant_id']}/oauth2/v2.0/token", urlencode(form), {})
        self.headers = {"Authorization": f"Bearer {granted['access_token']}", "Content-Type": "application/json"}
        self.subscription, self.location = subscription, location
        self.made: list[str] = []

    def need_group(self, name: str) -> None:
        """The resource group of that name."""
        path = f"/subscriptions/{self.subscription}/resourceGroups/{name}"
        if self._send("GET", path) is None:
            self._send("PUT", path, {"location": self.location})
            self.made.append(f"resource group {name}")

    def wait_until_shown(self) -> None:
        """Wait until reads show what was created; a lab with a longer lag is meant to lag."""
        deadline = time.monotonic() + _LONGEST_WAIT
        for path in (one for one in self.made if one.startswith("/")):
            while self._send("GET", path) is None and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)

    def need(self, resource_id: str, properties: Mapping[str, Any]) -> None:
        """A resource of these properties, if there is none of that id."""
        if self._send("GET", resource_id) is None:
            self.need_group(resource_id.split("/")[4])
            self._make(resource_id, {"location": self.location, "properties": dict(properties)})

    def need_subnet(self, subnet: ResourceId) -> str:
        """A subnet and its network."""
        self.need_group(subnet.group)
        network, name = subnet.names
        path = f"/subscriptions/{subnet.subscription}/resourceGroups/{subnet.group}"
        path += f"/providers/Microsoft.Network/virtualNetworks/{network}"
        found = self._send("GET", path)
        if found is None:
            space = {"location": self.location, "properties": {"addressSpace": {"addressPrefixes": [_SPACE]}}}
            self._send("PUT", path, space, new=True)
        number = len(found["properties"].get("subnets") or ()) if found else 0
        whole = f"{path}/subnets/{name}"
        if self._send("GET", whole) is None:
            self._make(whole, {"properties": {"addressPrefix": f"10.{number // 256}.{number % 256}.0/24"}})
        return whole

    def need_interface(self, resource_id: str) -> None:
        """A network interface, in a network of the lab's own."""
        if self._send("GET", resource_id) is not None:
            return
        where = parse_id(resource_id)
        subnet = self.need_subnet(ResourceId(where.subscription, where.group, SUBNETS, (_NETWORK, "default")))
        address = {"name": "primary", "properties": {"subnet": {"id": subnet}, "privateIPAllocationMethod": "Dynamic"}}
        self.need(resource_id, {"ipConfigurations": [address]})

    def _make(self, path: str, body: Mapping[str, Any]) -> None:
        if self._send("PUT", path, body, new=True) is not None:
            self.made.append(path)

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, new: bool = False
    ) -> dict[str, Any] | None:
        """Ask the lab, by HTTP alone: the SDK's network client has no resource groups. None where there is nothing.

        With `new`, None where there is something, which stays: a lab whose reads lag may not have shown it.
        """
        content = None if body is None else json.dumps(body)
        headers = {**self.headers, "If-None-Match": "*"} if new else self.headers
        status, found = self._ask(method, f"{path}?api-version={API_VERSION}", content, headers)
        if (method == "GET" and status == 404) or (new and status == 412):
            return None
        if status >= 300:
            raise OutsideError(f"lab: {path}: {found}")
        return found

    def _ask(self, method: str, path: str, content: str | None, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        self.wire.request(method, path, content, dict(headers))
        answer = self.wire.getresponse()
        found: dict[str, Any] = json.loads(answer.read() or b"{}")
        return answer.status, found
