"""Auth / Roles: a directory of users, each a buyer, a seller, support or an administrator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi

from components.component import Component
from components.environment import Environment
from components.link import Access

ROLES: Final = {
    "buyer": "Buys: has a cart and sees their own orders",
    "seller": "Sells: writes their own products and offers",
    "support": "Helps: sees orders and handles disputes",
    "admin": "Administers the marketplace",
}
"""Groups of users, and what each is for; a user can be in several."""


@dataclass(frozen=True, kw_only=True)
class AuthArgs:
    """Contract of sign-in."""

    callback_urls: tuple[str, ...]
    """Where the storefront is sent back to after sign-in."""
    logout_urls: tuple[str, ...]
    sender: str | None = None
    """Address that mails to users come from, which the cloud must know as yours; default: one of the cloud's own, which
    stops after a few mails."""


@dataclass(frozen=True, kw_only=True)
class AuthEnvironment(Environment):
    """What a service needs to verify a token: `AUTH_ISSUER`, ... for a directory named `auth`."""

    issuer: pulumi.Input[str]
    audience: pulumi.Input[str]
    audience_claim: str = "aud"
    """Claim that names the audience."""
    keys_url: pulumi.Input[str]
    """JSON Web Key Set of the issuer."""
    subject_claim: str = "sub"
    """Claim with the user's id."""
    groups_claim: str
    """Claim with the user's groups, which are `ROLES`."""
    required_claims: str | None = None
    """JSON object of claims that an access token has, where the issuer signs other tokens with the same keys."""


@dataclass(frozen=True, kw_only=True)
class AuthDirectoryEnvironment(Environment):
    """Where users are looked up: `AUTH_DIRECTORY` for a directory named `auth`."""

    directory: pulumi.Input[str]
    """The directory's id in its cloud."""


class Auth(Component):
    """A directory of users that signs them in and issues JSON Web Tokens."""

    FUNCTION = "auth"
    OFFERS = (
        Access.VERIFIES,
        Access.READS,
    )

    issuer: pulumi.Output[str]
    """Issuer of the tokens, where its keys are found (OpenID Connect discovery)."""
    client_id: pulumi.Output[str]
    """The storefront's client, and the audience of its tokens."""
    directory_id: pulumi.Output[str]
    """The directory, as the cloud's own tools name it."""
