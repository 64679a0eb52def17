"""The catalog's settings; its link to the order database has its own."""

from __future__ import annotations

from pydantic import Field

from services.http.server import ServerSettings


class CatalogSettings(ServerSettings):
    """`PRODUCTS_TABLE` (DynamoDB), `CURRENCY` (lower-case ISO 4217), `DATABASE_CONNECTIONS` (most at once)."""

    service_name: str = "catalog"
    products_table: str
    currency: str = Field(pattern=r"^[a-z]{3}$")
    database_connections: int = Field(default=8, ge=1)
