"""Catalog Database: product documents, read far more often than written."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class CatalogDatabaseArgs:
    """Contract of the catalog database."""

    secrets: Secrets
    key: str = "product_id"
    """Name of the string attribute that identifies a document."""


class CatalogDatabase(Component):
    """A document table with encrypted storage and point-in-time recovery."""

    FUNCTION = "catalog-database"

    table_name: pulumi.Output[str]
