"""Access tokens: JSON Web Tokens that the identity provider signed for this marketplace."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import jwt

from services.http.problems import HttpError
from services.http.signing_keys import ALGORITHM, SigningKeys

CLOCK_SKEW_SECONDS: Final = 10
MAXIMUM_REMEMBERED: Final = 20_000
_log = logging.getLogger(__name__)


class SignInRequired(HttpError):
    """The route needs a signed-in caller, and the request has no token."""

    status = 401
    code = "sign-in-required"
    title = "Sign in first"
    headers: ClassVar[Mapping[str, str]] = {"www-authenticate": "Bearer"}

    def __init__(self) -> None:
        super().__init__("This address is for signed-in users: send an access token.")


class InvalidToken(HttpError):
    """The token is forged, expired, or not meant for this marketplace."""

    status = 401
    code = "invalid-token"
    title = "The access token is not accepted"
    headers: ClassVar[Mapping[str, str]] = {"www-authenticate": 'Bearer error="invalid_token"'}

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}. Sign in again.")


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRules:
    """Which tokens are accepted, and the names of the claims that say who the caller is."""

    issuer: str
    audience: str
    keys_url: str
    subject_claim: str
    groups_claim: str
    audience_claim: str = "aud"
    """The claim that names whom a token is meant for. Some providers' access tokens have no `aud` but a `client_id`."""
    required_claims: Mapping[str, str] = field(default_factory=dict)
    """Claims that every access token has, by which it differs from the issuer's other tokens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The user that a verified token names."""

    user_id: str
    groups: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Verified:
    caller: Caller
    key_id: str
    expires_at: float


class TokenVerifier:
    """Verifies tokens. One that was accepted is remembered until it expires or its key is withdrawn."""

    def __init__(self, rules: TokenRules, keys: SigningKeys | None = None) -> None:
        self._rules = rules
        self._keys = keys or SigningKeys(rules.keys_url)
        self._remembered: dict[bytes, _Verified] = {}

    async def check(self) -> None:
        """Raises KeysUnavailable when no token could be verified now."""
        await self._keys.check()

    async def verify(self, token: str) -> Caller:
        """The caller. Raises InvalidToken; KeysUnavailable when the token's key can neither be found nor ruled out."""
        name = hashlib.sha256(token.encode()).digest()
        known = self._remembered.get(name)
        if known is not None:
            if time.time() < known.expires_at and self._keys.still_valid(known.key_id):
                return known.caller
            self._remembered.pop(name, None)
        verified = await self._verify(token)
        if len(self._remembered) >= MAXIMUM_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[name] = verified
        return verified.caller

    async def _verify(self, token: str) -> _Verified:
        try:
            header = jwt.get_unverified_header(token)
            key_id = header.get("kid")
            if header.get("alg") != ALGORITHM or not key_id:
                raise InvalidToken(f"A token must be signed with {ALGORITHM} and name its key")
            key = await self._keys.find(key_id)
            if key is None:
                raise InvalidToken("The token is signed with an unknown key")
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self._rules.issuer,
                leeway=CLOCK_SKEW_SECONDS,
                options={"require": ["exp", "iss"], "verify_aud": False},
            )
        except jwt.ExpiredSignatureError as expired:
            raise InvalidToken("The token has expired") from expired
        except jwt.ImmatureSignatureError as early:
            raise InvalidToken("The token is not valid yet") from early
        except jwt.InvalidTokenError as refused:
            # What is wrong with a forged token is for the log, not for its sender.
            _log.info("a token is refused", extra={"error": repr(refused)})
            raise InvalidToken("The token is not valid") from refused
        if any(claims.get(name) != value for name, value in self._rules.required_claims.items()):
            raise InvalidToken("The token is not an access token")
        self._check_audience(claims)
        return _Verified(caller=self._caller(claims), key_id=key_id, expires_at=float(claims["exp"]))

    def _check_audience(self, claims: dict[str, Any]) -> None:
        meant_for = claims.get(self._rules.audience_claim)
        if self._rules.audience not in (meant_for if isinstance(meant_for, list) else [meant_for]):
            raise InvalidToken("The token is meant for another audience")

    def _caller(self, claims: dict[str, Any]) -> Caller:
        user_id = claims.get(self._rules.subject_claim)
        if not isinstance(user_id, str) or not user_id:
            raise InvalidToken("The token names no user")
        groups = claims.get(self._rules.groups_claim)
        listed = groups if isinstance(groups, list) else []
        return Caller(user_id=user_id, groups=frozenset(group for group in listed if isinstance(group, str)))
