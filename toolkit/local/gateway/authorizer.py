"""JWT authorizers: who the bearer of a token is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import jwt

from toolkit.local.gateway.api import Authorizer

Claims = Mapping[str, Any]

KEPT_TOKENS = 10_000
KEYS_AGAIN_AFTER_SECONDS = 1.0
"""An unknown key id makes the authorizer read the keys again, but not more often than this."""
KEYS_TIME_OUT_SECONDS = 5.0


class UnauthorizedError(Exception):
    """The request carries no valid token; the message is for the `www-authenticate` header."""


class JwtAuthorizer:
    """Verifies signature, issuer, audience and times as API Gateway does. A valid token is remembered."""

    def __init__(self, settings: Authorizer, keys_url: str) -> None:
        self._settings = settings
        self._keys = jwt.PyJWKClient(
            keys_url, cooldown_duration=KEYS_AGAIN_AFTER_SECONDS, timeout=KEYS_TIME_OUT_SECONDS
        )
        self._known: dict[str, Claims] = {}

    async def claims(self, authorization: str | None) -> Claims:
        """The claims of the token in an `Authorization` header; raises `UnauthorizedError`."""
        scheme, _, token = (authorization or "").rpartition(" ")
        if not token or scheme.lower() not in ("", "bearer"):
            raise UnauthorizedError("the request has no bearer token")
        known = self._known.get(token)
        if known is not None and known["exp"] > time.time():
            return known
        claims = await asyncio.to_thread(self._verify, token)  # it may have to read the keys
        if len(self._known) >= KEPT_TOKENS:
            self._known.clear()
        self._known[token] = claims
        return claims

    def _verify(self, token: str) -> Claims:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(token),
                algorithms=["RS256"],
                issuer=self._settings.issuer,
                options={"require": ["exp", "iss"], "verify_aud": False},
            )
        except jwt.PyJWTError as error:
            raise UnauthorizedError(str(error)) from error
        stated = claims.get("aud", claims.get("client_id"))  # an access token of Cognito names the client instead
        audience = {stated} if isinstance(stated, str) else set(stated or ())
        if audience.isdisjoint(self._settings.audiences):
            raise UnauthorizedError("the token is for another audience")
        return claims

    def _key(self, token: str) -> jwt.PyJWK:
        key_id = str(jwt.get_unverified_header(token).get("kid"))
        try:
            return self._keys.get_signing_key(key_id)
        except (jwt.PyJWKClientConnectionError, OSError, ValueError) as error:
            raise UnauthorizedError(f"the issuer's keys cannot be read: {error}") from error
        except jwt.PyJWKClientError as error:  # its message quotes what the caller wrote
            raise UnauthorizedError("the token is signed with an unknown key") from error
