"""Who is calling, as the gateway's authorizer established it.

The load balancer is internal and admits the gateway only, and the gateway overwrites both headers on every route that
needs a signed-in caller and removes them on the public ones: a client cannot forge them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from commerce.errors import MarketplaceError

USER_HEADER = "x-user-id"
GROUPS_HEADER = "x-user-groups"
SELLERS = "seller"


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
    """The subject and the groups of the verified token."""

    user_id: str
    groups: frozenset[str]


async def signed_in(request: Request) -> Caller:
    """The caller; raises SignInRequired when the gateway named none."""
    user_id = request.headers.get(USER_HEADER, "").strip()
    if not user_id:
        raise SignInRequired
    return Caller(user_id=user_id, groups=groups_of(request.headers.get(GROUPS_HEADER, "")))


async def seller(caller: Annotated[Caller, Depends(signed_in)]) -> Caller:
    """The caller as a seller; raises SellersOnly for everybody else."""
    if SELLERS not in caller.groups:
        raise SellersOnly(caller.user_id)
    return caller


def groups_of(header: str) -> frozenset[str]:
    """Parses a claim as API Gateway renders an array: `[seller admin]`."""
    return frozenset(header.strip().removeprefix("[").removesuffix("]").replace(",", " ").split())


SignedIn = Annotated[Caller, Depends(signed_in)]
SignedInSeller = Annotated[Caller, Depends(seller)]
