"""JWT authorizers: who the bearer of a token is."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from collections.abc import Mapping
from typing import Any

import jwt

from toolkit.local.gateway.routes import Authorizer

Claims = Mapping[str, Any]

KEPT_TOKENS = 10_000
KEYS_AGAIN_AFTER_SECONDS = 1.0
LEEWAY_SECONDS = 0


class UnauthorizedError(Exception):
    """The request carries no valid token; the message is for the `www-authenticate` header."""


class JwtAuthorizer:
    """Verifies signature, issuer, audience and times as API Gateway does. A token is verified once, then known."""

    def __init__(self, settings: Authorizer) -> None:
        self._settings = settings
        self._keys: dict[str, Any] = {}
        self._keys_read_at = float("-inf")
        self._reading = asyncio.Lock()
        self._known: dict[str, Claims] = {}

    async def claims(self, authorization: str | None) -> Claims:
        """The claims of the token in an `Authorization` header; raises `UnauthorizedError`."""
        scheme, _, token = (authorization or "").rpartition(" ")
        if not token or scheme.lower() not in ("", "bearer"):
            raise UnauthorizedError("the request has no bearer token")
        known = self._known.get(token)
        if known is not None and known["exp"] > time.time():
            return known
        claims = await self._verify(token)
        if len(self._known) >= KEPT_TOKENS:
            self._known.clear()
        self._known[token] = claims
        return claims

    async def _verify(self, token: str) -> Claims:
        try:
            key = await self._key(str(jwt.get_unverified_header(token).get("kid")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=self._settings.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss"], "verify_aud": False},
            )
        except jwt.PyJWTError as error:
            raise UnauthorizedError(str(error)) from error
        stated = claims.get("aud", claims.get("client_id"))  # an access token of Cognito names the client instead
        audience = {stated} if isinstance(stated, str) else set(stated or ())
        if audience.isdisjoint(self._settings.audience):
            raise UnauthorizedError("the token is for another audience")
        return claims

    async def _key(self, key_id: str) -> Any:
        if key_id not in self._keys:
            async with self._reading:
                if time.monotonic() - self._keys_read_at > KEYS_AGAIN_AFTER_SECONDS:
                    self._keys = await asyncio.to_thread(_read_keys, self._settings.jwks_url)
                    self._keys_read_at = time.monotonic()
        try:
            return self._keys[key_id]
        except KeyError:
            raise UnauthorizedError("the token is signed with an unknown key") from None


def _read_keys(url: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the routes file names it
            keys = jwt.PyJWKSet.from_dict(json.loads(answer.read())).keys
    except (OSError, ValueError, jwt.PyJWTError) as error:
        raise UnauthorizedError(f"the issuer's keys cannot be read: {error}") from error
    return {str(key.key_id): key.key for key in keys}
