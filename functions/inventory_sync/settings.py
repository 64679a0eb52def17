"""The inventory sync's own settings; its links to the database, the cache and the search engine have their own."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from functions.settings import FunctionSettings


class InventorySyncSettings(FunctionSettings):
    """`PRODUCTS_COLLECTION` (where the products are stored), `SEARCH_REJECTED_QUEUE` (where documents go that cannot be
    indexed), `REBUILD_HOURS` (how old the search index becomes before it is built anew)."""

    products_collection: str
    search_rejected_queue: str
    rebuild_hours: int = Field(default=24, ge=1)

    @property
    def rebuild_after(self) -> timedelta:
        return timedelta(hours=self.rebuild_hours)
