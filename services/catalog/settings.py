"""The catalog's settings; its link to the order database has its own."""

from __future__ import annotations

from pydantic import Field

from commerce.adapters.cloud import ProductsCollection
from services.http.money import CurrencyCode
from services.http.server import ServerSettings


class CatalogSettings(ServerSettings):
    """`PRODUCTS_COLLECTION`, `PRODUCTS_ENDPOINT` and `PRODUCTS_DATABASE` (in clouds that need them), `CURRENCY`
    (lower-case ISO 4217), `DATABASE_CONNECTIONS` (most at once)."""

    service_name: str = "catalog"
    products_collection: str
    products_endpoint: str | None = None
    products_database: str | None = None
    currency: CurrencyCode
    database_connections: int = Field(default=8, ge=1)

    @property
    def products(self) -> ProductsCollection:
        return ProductsCollection(
            name=self.products_collection, endpoint=self.products_endpoint, database=self.products_database
        )
