"""Auth / Roles: who somebody is, and whether as buyer, seller, support or administrator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi

from components.component import Component

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


class Auth(Component):
    """A directory of users that signs them in and issues JSON Web Tokens."""

    FUNCTION = "auth"

    issuer: pulumi.Output[str]
    """Issuer of the tokens, where its keys are found (OpenID Connect discovery)."""
    client_id: pulumi.Output[str]
    """The storefront's client, and the audience of its tokens."""
    user_pool_id: pulumi.Output[str]
