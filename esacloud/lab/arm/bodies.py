"""Reading what a request's body says: the types of its members, and no member that the resource does not have."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from esacloud.lab.arm.errors import ArmError, bad_request, unreadable

Body = Mapping[str, Any]


def read_json(content: bytes) -> Body:
    """The JSON object of a request. Code and message: how Resource Manager answers what it cannot deserialize."""
    try:
        body = json.loads(content)
    except ValueError as error:
        raise _invalid_content(str(error)) from None
    if not isinstance(body, dict):
        raise _invalid_content("the body is not a JSON object.")
    return body


def _invalid_content(why: str) -> ArmError:
    return bad_request("InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{why}'.")


def known_members(body: Body, known: Iterable[str], where: str) -> None:
    """Refuse members that the resource does not have."""
    for unknown in body.keys() - set(known):
        raise unreadable(f"Could not find member '{unknown}'. Path '{where}{unknown}'.")


def text(body: Body, name: str, where: str) -> str | None:
    """A member that is a text; absent and null are None."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise unreadable(f"Error converting value {json.dumps(value)} to a string. Path '{where}{name}'.")
    return value


def texts(body: Body, name: str, where: str) -> list[str]:
    """A member that is a list of texts; absent and null are empty."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise unreadable(f"Error converting value {json.dumps(value)} to a list of strings. Path '{where}{name}'.")
    return list(value)


def number(body: Body, name: str, where: str) -> int | None:
    """A member that is a whole number; absent and null are None."""
    value = body.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise unreadable(f"Error converting value {json.dumps(value)} to an integer. Path '{where}{name}'.")
    return value


def objects(body: Body, name: str, where: str) -> list[dict[str, Any]]:
    """A member that is a list of objects; absent and null are empty."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise unreadable(f"Error converting value {json.dumps(value)} to a list of objects. Path '{where}{name}'.")
    return list(value)


def properties(body: Body, where: str) -> dict[str, Any]:
    """The `properties` of a resource; absent and null are empty."""
    value = body.get("properties")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise unreadable(f"Error converting value {json.dumps(value)} to an object. Path '{where}properties'.")
    return value


def tags(body: Body) -> dict[str, str] | None:
    """The tags of a resource, or None where the body has none."""
    value = body.get("tags")
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise _invalid_content("the tags are not an object of strings.")
    return dict(value)
