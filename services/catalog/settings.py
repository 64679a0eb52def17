"""The catalog's settings; its link to the order database has its own."""

from __future__ import annotations

from pydantic import Field

from services.http.money import CurrencyCode
from services.http.server import ServerSettings


class CatalogSettings(ServerSettings):
    """`PRODUCTS_COLLECTION` (where the products are stored), `IMAGES_STORE` (where files are uploaded), `CURRENCY`
    (lower-case ISO 4217), `DATABASE_CONNECTIONS` (most at once); where the cloud learns from views beside the ranker,
    `RECOMMENDATIONS_VIEWS` (what takes them) and `RECOMMENDATIONS_MODEL` (what is asked)."""

    service_name: str = "catalog"
    products_collection: str
    images_store: str
    currency: CurrencyCode
    database_connections: int = Field(default=8, ge=1)
    recommendations_views: str | None = None
    recommendations_model: str | None = None
