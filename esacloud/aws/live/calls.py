"""Calls to EC2 through one client: the operations, what their failures mean, and a journal of those sent.

This package sends no operation that is not in `OPERATIONS`. Failures become those of `change.retry`. Security group calls
have no client token: a second try learns from `InvalidPermission.Duplicate` and similar codes that the first one worked: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from esacloud.aws.live.rates import pace_at
from esacloud.change.live import Connection
from esacloud.change.pace import Pace
from esacloud.change.retry import Backoff, LostError, RefusedError, SettledError, ThrottledError, ask, until_done
from esacloud.errors import InputError, Place, Problem

READING = ("DescribeSecurityGroups", "DescribeNetworkInterfaces", "DescribeManagedPrefixLists")
CHANGING = (
    "CreateSecurityGroup",
    "CreateTags",
    "DeleteTags",
    "AuthorizeSecurityGroupIngress",
    "AuthorizeSecurityGroupEgress",
    "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress",
    "UpdateSecurityGroupRuleDescriptionsIngress",
    "UpdateSecurityGroupRuleDescriptionsEgress",
    "ModifyNetworkInterfaceAttribute",
    "DeleteSecurityGroup",
)
REPLACING = ("DescribeSecurityGroupRules", "ModifySecurityGroupRules")  # in a full group alone
OPERATIONS = (*READING, *CHANGING, *REPLACING)

PAGE = 1000  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroups.html
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeManagedPrefixLists.html
_SMALLER_PAGES = {"DescribeManagedPrefixLists": 100}
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, and what botocore's own retries know
THROTTLED = frozenset(
    ("RequestLimitExceeded", "Throttling", "ThrottlingException", "TooManyRequestsException", "RequestThrottled")
)
UNSURE = frozenset(
    ("InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "RequestTimeout", "ServerInternal")
)
SETTLED = frozenset(("InvalidPermission.Duplicate", "InvalidPermission.NotFound", "InvalidGroup.Duplicate"))
# How EC2 refuses to revoke a rule to ::/0 where a group has none, as hashicorp/terraform-provider-aws knows it
# (internal/service/ec2/vpc_security_group.go)
_NO_SUCH_IPV6_RULE = "remote-ipv6-range"
GROUP_NOT_FOUND, INTERFACE_NOT_FOUND = "InvalidGroup.NotFound", "InvalidNetworkInterfaceID.NotFound"


def client_for(connection: Connection, region: str | None) -> Any:
    """An EC2 client with boto3's chain of credentials, and of settings where `region` is None. Raises InputError."""
    if connection.client is not None:
        return connection.client
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, NoRegionError
    except ImportError:
        message = "Access to an AWS account needs boto3, which is not installed."
        raise InputError(Problem(Place("aws"), message, "Install it: pip install 'esacloud[aws]'.")) from None
    try:
        session = boto3.Session(profile_name=connection.profile)
        return session.client(
            "ec2",
            region_name=region,
            endpoint_url=connection.endpoint_url,
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=60),  # retry.py retries
            **(connection.credentials or {}),
        )
    except NoRegionError as error:
        raise InputError(Problem(Place("aws"), str(error), "Add --region, or set AWS_DEFAULT_REGION.")) from None
    except (BotoCoreError, ValueError) as error:
        raise InputError(Problem(Place("aws"), f"{error}.", "Check the profile, the region and the endpoint.")) from None


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as calls take them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


class Calls:
    """One client, and the operations sent through it so far. `before_each` is called before each of them."""

    def __init__(self, client: Any, backoff: Backoff, connection: Connection | None = None) -> None:
        self.client, self.backoff = client, backoff
        self.pace = _pace_of(client, connection or Connection())
        self.journal: list[str] = []
        self.before_each: Callable[[], None] | None = None

    def read(self, operation: str, key: str, **parameters: Any) -> list[dict[str, Any]]:
        """All items of all pages of a call that changes nothing, sent again while it is throttled or unanswered."""
        items: list[dict[str, Any]] = []
        page = {**parameters, "MaxResults": _SMALLER_PAGES.get(operation, PAGE)}
        while True:
            answer = ask(partial(self.send, operation, **page), self.backoff)
            items += answer.get(key, ())
            if not (token := answer.get("NextToken")):
                return items
            page["NextToken"] = token

    def create_group(self, vpc: str, title: str, description: str, tags: Mapping[str, str]) -> str:
        """Create a security group, once, and return its id."""
        tagged = [{"ResourceType": "security-group", "Tags": tag_list(tags)}]
        answer = self.send(
            "CreateSecurityGroup", GroupName=title, Description=description, VpcId=vpc, TagSpecifications=tagged
        )
        return str(answer["GroupId"])

    def repeat(self, operation: str, **parameters: Any) -> None:
        """Send a call until it is answered: one whose effect is the same when it arrives twice."""
        until_done(partial(self.send, operation, **parameters), self.backoff)

    def send(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One call, once. Raises ThrottledError, LostError, SettledError or RefusedError."""
        if operation not in OPERATIONS:
            raise ValueError(f"{operation} is not among the operations that this package sends")
        if self.before_each:
            self.before_each()
        if self.pace:
            self.pace.wait(operation)
        self.journal.append(operation)
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
        from botocore.exceptions import ConnectionError as NoConnectionError
        from botocore.parsers import ResponseParserError

        method: Callable[..., dict[str, Any]] = getattr(self.client, xform_name(operation))
        try:
            return method(**parameters)
        except ClientError as error:
            meaning = _meaning(operation, error.response)
            if self.pace and isinstance(meaning, ThrottledError):
                self.pace.throttled(operation)
            raise meaning from error
        except (HTTPClientError, NoConnectionError, ResponseParserError, IncompleteReadError) as error:
            raise LostError(f"EC2 {operation}: no answer ({error})") from error
        except BotoCoreError as error:
            raise RefusedError(f"EC2 {operation}: {error}", type(error).__name__) from error


def _pace_of(client: Any, connection: Connection) -> Pace | None:
    """None for a client without an endpoint, as a stand-in for boto3's client may be."""
    meta = getattr(client, "meta", None)
    if connection.pace is not None or meta is None:
        return connection.pace
    return pace_at(meta.endpoint_url, meta.region_name, connection.pace_directory, connection.profile)


def _meaning(operation: str, response: dict[str, Any]) -> Exception:
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    text = f"EC2 {operation}: {code}: {response.get('Error', {}).get('Message', '')}"
    if code in THROTTLED:
        return ThrottledError(text)
    if code in UNSURE or status >= 500:
        return LostError(text)
    if code in SETTLED or (code == "InvalidParameterValue" and _NO_SUCH_IPV6_RULE in text):
        return SettledError(text)
    return RefusedError(text, code)
