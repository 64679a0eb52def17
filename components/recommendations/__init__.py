"""Recommendations: rankings of products that go together, kept ready in the cart cache.

A function learns them from the orders and from what buyers looked at; a workload that shows them reads the cache and
nothing else of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pulumi

from components.cart_cache import CartCache
from components.catalog_database import CatalogDatabase
from components.component import Component
from components.environment import Environment
from components.link import Access
from components.network import Network
from components.order_database import OrderDatabase
from components.secrets_management import Secrets
from components.workload import Handler

KEYS: Final = "{recommendations}:*"
"""The keys of the cache that recommendations have (`commerce/adapters/redis/rankings.py`)."""


@dataclass(frozen=True, kw_only=True)
class RecommendationsArgs:
    """Contract of recommendations. Its environment is the cache's: `CARTS_HOST`, ... for a cache named `carts`."""

    cache: CartCache
    database: OrderDatabase
    catalog: CatalogDatabase
    """Tells the category of what is bought."""
    ranker: Handler
    """Learns and publishes the rankings."""
    network: Network
    secrets: Secrets
    image: str
    """Address of the container image."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Values of the settings that the ranker declares."""


@dataclass(frozen=True, kw_only=True)
class RecommendationsEnvironment(Environment):
    """A service of the cloud that learns beside the ranker, where the stack has one: `RECOMMENDATIONS_VIEWS` and
    `RECOMMENDATIONS_MODEL` for recommendations named `recommendations`."""

    views: pulumi.Input[str]
    """Id of what takes the views of buyers."""
    model: pulumi.Input[str] | None = None
    """Id of the model that is asked, once there is one."""


class Recommendations(Component):
    """The ranker, and the part of the cache that it fills. To read and write is to note views, too."""

    FUNCTION = "recommendations"
    OFFERS = (Access.READS, Access.READS_WRITES)
