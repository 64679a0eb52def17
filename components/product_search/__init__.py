"""Product Search: finds products by words, facets, prices and sellers.

Its index is a copy of the catalog and of the offers: it can be lost and made anew, and it never decides what is for
sale.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.environment import Environment
from components.link import Access
from components.network import Network
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class ProductSearchArgs:
    """Contract of product search."""

    network: Network
    secrets: Secrets


@dataclass(frozen=True, kw_only=True)
class ProductSearchEnvironment(Environment):
    """Where the engine answers: `SEARCH_HOST`, ... for a component named `search`."""

    host: pulumi.Input[str]
    """With the port, where it is not the usual one."""
    service: str | None = None
    """Name of the engine in signed requests, where its cloud has requests signed."""
    tls: str = "verify-full"


class ProductSearch(Component):
    """A full-text engine with TLS and access by identity."""

    FUNCTION = "product-search"
    OFFERS = (Access.QUERIES, Access.INDEXES)

    host: pulumi.Output[str]
