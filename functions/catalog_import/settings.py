"""The import function's own settings; its link to the order database has its own."""

from __future__ import annotations

from functions.settings import FunctionSettings


class CatalogImportSettings(FunctionSettings):
    """`IMAGES_STORE` is where files are uploaded, `PRODUCTS_COLLECTION` where products are, `CURRENCY` that of prices
    (lower-case ISO 4217)."""

    images_store: str
    products_collection: str
    currency: str
