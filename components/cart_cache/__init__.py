"""Cart / Session Cache: carts, and the counters that refuse a sold-out item before anything is paid.

The counters are the gate and PostgreSQL the authority: losing this cache may refuse a sale, never oversell.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.network import Network
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class CartCacheArgs:
    """Contract of the cart cache."""

    network: Network
    secrets: Secrets


class CartCache(Component):
    """A Redis-protocol cache with TLS, identity sign-in, and no eviction."""

    FUNCTION = "cart-cache"

    host: pulumi.Output[str]
    port: pulumi.Output[int]
