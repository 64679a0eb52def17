"""The thumbnail function's own settings."""

from __future__ import annotations

from functions.settings import FunctionSettings


class ThumbnailSettings(FunctionSettings):
    """`IMAGES_STORE` is where pictures are uploaded and shown from, `PRODUCTS_COLLECTION` where their products are."""

    images_store: str
    products_collection: str
