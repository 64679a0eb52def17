"""Who is calling, as the gateway's authorizer established it.

The load balancer is internal and admits the gateway only. On every route that needs a signed-in caller the gateway
verifies the token and overwrites the user header with its subject; on the public ones it removes the header: a client
cannot forge it. The groups are read from the token itself, because API Gateway cannot map a claim with a colon in its
name (`cognito:groups`) to a header.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from commerce.errors import MarketplaceError

USER_HEADER = "x-user-id"
SELLERS = "seller"
GROUPS_CLAIM = "cognito:groups"
# One token and nothing beside it: what is read here is what the gateway verified.
_TOKEN = re.compile(r"Bearer [A-Za-z0-9_-]+\.(?P<payload>[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+")


class SignInRequired(MarketplaceError):
    """The route needs a signed-in caller and the gateway named none."""

    status = 401
    code = "sign-in-required"
    title = "Sign in first"

    def __init__(self) -> None:
        super().__init__("This address is for signed-in users: send a valid access token.")


class SellersOnly(MarketplaceError):
    """The caller is signed in, but is not in the sellers' group."""

    status = 403
    code = "sellers-only"
    title = "Only sellers may do this"

    def __init__(self, user_id: str) -> None:
        super().__init__("Only members of the group 'seller' may do this.", user_id=user_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The subject of the verified token."""

    user_id: str


async def signed_in(request: Request) -> Caller:
    """The caller; raises SignInRequired when the gateway named none."""
    user_id = request.headers.get(USER_HEADER, "").strip()
    if not user_id:
        raise SignInRequired
    return Caller(user_id=user_id)


async def seller(request: Request, caller: Annotated[Caller, Depends(signed_in)]) -> Caller:
    """The caller as a seller; raises SellersOnly for everybody else."""
    if SELLERS not in groups_of(request.headers.get("authorization", ""), caller.user_id):
        raise SellersOnly(caller.user_id)
    return caller


def groups_of(authorization: str, user_id: str) -> frozenset[str]:
    """The groups in the token that the gateway verified; none when it is not this user's or not a token."""
    token = _TOKEN.fullmatch(authorization)
    if token is None:
        return frozenset()
    try:
        payload = token["payload"]
        claims: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if claims["sub"] != user_id:
            return frozenset()
        return frozenset(str(group) for group in claims.get(GROUPS_CLAIM, ()))
    except (KeyError, TypeError, ValueError, AttributeError):
        return frozenset()


SignedIn = Annotated[Caller, Depends(signed_in)]
SignedInSeller = Annotated[Caller, Depends(seller)]
