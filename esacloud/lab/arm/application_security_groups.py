"""Application security groups: a name that rules and IP configurations share, and nothing else.

The refusal to delete one in use: https://github.com/Azure/azure-cli/issues/12591 (the message; the code is ours).
"""

from __future__ import annotations

from typing import Any

from esacloud.lab.arm import bodies
from esacloud.lab.arm.bodies import Body
from esacloud.lab.arm.errors import bad_request
from esacloud.lab.arm.kinds import Accepted, Draft, Kind
from esacloud.lab.arm.store import Resource, Store
from esacloud.lab.arm.users import members_of, rules_with


def _accept(_store: Store, _draft: Draft, body: Body) -> Accepted:
    bodies.known_members(bodies.properties(body, ""), ("resourceGuid", "provisioningState"), "properties.")
    return Accepted({}, [])


def _show(_store: Store, _resource: Resource) -> dict[str, Any]:
    return {}


def _refuse_delete(store: Store, resource: Resource) -> None:
    for what, users in (("IpConfiguration", members_of(store, resource)), ("SecurityRule", rules_with(store, resource))):
        if users:
            names = ", ".join(user.rpartition("/")[2] for user in users)
            raise bad_request(
                "ApplicationSecurityGroupReferencedCannotBeDeleted",
                f"Application Security Group {resource.name} cannot be deleted because it is referenced by {what}(s) "
                f"{names}.",
            )


KIND = Kind(
    "applicationSecurityGroups",
    _accept,
    _show,
    _refuse_delete,
    limit=lambda store: store.limits.application_security_groups,
)
