"""The ranker's settings; its links to the order database and the cache have their own."""

from __future__ import annotations

from functions.settings import FunctionSettings


class RankerSettings(FunctionSettings):
    """`PRODUCTS_COLLECTION` (where the products are stored)."""

    products_collection: str
