"""Catalog Database: product documents, read far more often than written."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.environment import Environment
from components.link import Access
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class CatalogDatabaseArgs:
    """Contract of the catalog database."""

    secrets: Secrets
    key: str = "product_id"
    """Name of the string attribute that identifies a document."""
    listed_by: tuple[str, ...] = ()
    """String attributes by which documents are listed in pages; a document without one is not in that list."""


@dataclass(frozen=True, kw_only=True)
class CatalogDatabaseEnvironment(Environment):
    """Where the documents are: `PRODUCTS_COLLECTION`, ... for a database named `products`."""

    collection: pulumi.Input[str]
    """Name of the table, container or collection."""


class CatalogDatabase(Component):
    """A collection of documents with encrypted storage and point-in-time recovery."""

    FUNCTION = "catalog-database"
    OFFERS = (Access.READS, Access.READS_WRITES, Access.FOLLOWS)

    collection: pulumi.Output[str]
