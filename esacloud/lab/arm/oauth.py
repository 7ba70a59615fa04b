"""The token endpoint: a client's id and secret for a bearer token, as Microsoft Entra ID answers MSAL.

Enough for `ClientSecretCredential(authority=..., disable_instance_discovery=True)`. One application is known.
"""

from __future__ import annotations

import re
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from esacloud.lab.arm.errors import ArmError
from esacloud.lab.arm.messages import Request, Response

_token_path = re.compile(r"/(?P<tenant>[^/]+)/oauth2/v2\.0/token").fullmatch
_discovery_path = re.compile(r"/(?P<tenant>[^/]+)/v2\.0/\.well-known/openid-configuration").fullmatch


@dataclass(slots=True)
class TokenEndpoint:
    """Gives tokens to one application, and knows those it gave. `url`: where the server is reached."""

    url: str
    tenant: str
    client: str
    secret: str
    lifetime: int = 3599
    given: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Response | None:
        """The answer to a request for a token or for where to get one; None for any other request."""
        if found := _discovery_path(request.path):
            return Response(200, self._configuration(found["tenant"]))
        if _token_path(request.path) and request.method == "POST":
            return self._grant(request.content)
        return None

    def new_token(self) -> str:
        """A token that is taken as long as the server runs."""
        token = secrets.token_urlsafe(24)
        with self.lock:
            self.given.add(token)
        return token

    def check(self, authorization: str | None) -> None:
        """Refuse a request without a bearer token from here."""
        challenge = {"WWW-Authenticate": f'Bearer authorization_uri="{self.url}/{self.tenant}", error="invalid_token"'}
        if not authorization:
            raise ArmError(
                401,
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
                headers=challenge,
            )
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or token not in self.given:
            raise ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.", headers=challenge)

    def _configuration(self, tenant: str) -> dict[str, Any]:
        base = f"{self.url}/{tenant}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "issuer": f"{base}/v2.0",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _grant(self, content: bytes) -> Response:
        form = {name: values[-1] for name, values in parse_qs(content.decode()).items()}
        if form.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
        if form.get("client_id") != self.client:
            return _refused("unauthorized_client", "AADSTS700016: Application was not found in the directory.")
        if form.get("client_secret") != self.secret:
            return _refused("invalid_client", "AADSTS7000215: Invalid client secret provided.", status=401)
        seconds = self.lifetime
        token = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": self.new_token()}
        return Response(200, token)


def _refused(error: str, description: str, *, status: int = 400) -> Response:
    return Response(status, {"error": error, "error_description": description})
