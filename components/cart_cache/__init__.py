"""Cart / Session Cache: carts, and the counters that refuse a sold-out item before anything is paid.

The counters are the gate and PostgreSQL the authority: losing this cache may refuse a sale, never oversell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi

from components.component import Component
from components.environment import Environment
from components.link import Access, Target
from components.network import Network
from components.secrets_management import Secrets

STOCK_KEYS: Final = "{stock}:*"
"""The keys of the counters of stock (`commerce/adapters/redis/stock_gate.py`)."""


@dataclass(frozen=True, kw_only=True)
class CartCacheArgs:
    """Contract of the cart cache."""

    network: Network
    secrets: Secrets


@dataclass(frozen=True, kw_only=True)
class CartCacheEnvironment(Environment):
    """How a workload signs in: `CARTS_HOST`, ... for a cache named `carts`."""

    host: pulumi.Input[str]
    port: pulumi.Input[int]
    user: pulumi.Input[str]
    """The workload's own user; its password is a short-lived token of its identity."""
    instance: pulumi.Input[str] | None = None
    """Id of the cache in its cloud, where the token has to name it."""
    tls: str = "verify-full"


class CartCache(Component):
    """A Redis-protocol cache with TLS, identity sign-in, and no eviction."""

    FUNCTION = "cart-cache"
    OFFERS = (Access.READS, Access.READS_WRITES)

    host: pulumi.Output[str]
    port: pulumi.Output[int]
    stock: Target
    """The counters of stock, for a workload that has no business with the carts."""
