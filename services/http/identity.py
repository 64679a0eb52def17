"""Who is calling, read from the access token that the request carries.

The token is verified here, whatever a gateway in front did before. No other header says who the caller is.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Request

from commerce.errors import MarketplaceError
from services.http.tokens import Caller, SignInRequired, TokenVerifier

SELLERS = "seller"
SUPPORT = frozenset({"support", "admin"})


class SellersOnly(MarketplaceError):
    """The caller is signed in, but is not in the sellers' group."""

    status = 403
    code = "sellers-only"
    title = "Only sellers may do this"

    def __init__(self, user_id: str) -> None:
        super().__init__(f"Only members of the group {SELLERS!r} may do this.", user_id=user_id)


class SupportOnly(MarketplaceError):
    """The caller is signed in, but is in neither the support's nor the admins' group."""

    status = 403
    code = "support-only"
    title = "Only support and admins may do this"

    def __init__(self, user_id: str) -> None:
        super().__init__("Only members of the groups 'support' and 'admin' may do this.", user_id=user_id)


ADMINISTRATORS = "admin"


class AdministratorsOnly(MarketplaceError):
    """The caller is signed in, but is no administrator. Support reads, writes and proposes; it does not decide."""

    status = 403
    code = "administrators-only"
    title = "Only administrators may do this"

    def __init__(self, user_id: str) -> None:
        super().__init__(f"Only members of the group {ADMINISTRATORS!r} may do this.", user_id=user_id)


def install_verifier(app: FastAPI, verifier: TokenVerifier) -> None:
    """Gives the application's routes what verifies their callers' tokens."""
    app.state.token_verifier = verifier


async def signed_in(request: Request) -> Caller:
    """The caller. Raises SignInRequired without a token, InvalidToken, and KeysUnavailable."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise SignInRequired
    verifier: TokenVerifier = request.app.state.token_verifier
    return await verifier.verify(token.lstrip(" "))


async def caller_if_known(request: Request) -> Caller | None:
    """The caller where the request says who it is; `None` for anybody else, also with a token that is no good: the
    route is open to everybody."""
    try:
        return await signed_in(request)
    except MarketplaceError:
        return None


async def seller(caller: Annotated[Caller, Depends(signed_in)]) -> Caller:
    """The caller as a seller; raises SellersOnly for everybody else."""
    if SELLERS not in caller.groups:
        raise SellersOnly(caller.user_id)
    return caller


async def support(caller: Annotated[Caller, Depends(signed_in)]) -> Caller:
    """The caller as support or admin; raises SupportOnly for everybody else."""
    if SUPPORT.isdisjoint(caller.groups):
        raise SupportOnly(caller.user_id)
    return caller


async def administrator(caller: Annotated[Caller, Depends(signed_in)]) -> Caller:
    """The caller as an administrator; raises AdministratorsOnly for everybody else."""
    if ADMINISTRATORS not in caller.groups:
        raise AdministratorsOnly(caller.user_id)
    return caller


AnyCaller = Annotated[Caller | None, Depends(caller_if_known)]
SignedIn = Annotated[Caller, Depends(signed_in)]
SignedInSeller = Annotated[Caller, Depends(seller)]
SignedInSupport = Annotated[Caller, Depends(support)]
SignedInAdmin = Annotated[Caller, Depends(administrator)]
