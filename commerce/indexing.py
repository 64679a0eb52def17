"""Keeps the search index true to the stores: a change says which product to look at, and the product is read anew.

A version is the order database's time before the product was read. Of two writes the one that read later wins, in
whatever order they arrive; what is written late, or twice, changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from commerce.errors import MarketplaceError
from commerce.ports.offers import Offers
from commerce.ports.product_search import SearchIndex
from commerce.ports.products import Products
from commerce.search import IndexChange, Rejected, document_of

REBUILD_BATCH: Final = 500


class RebuildOvertaken(MarketplaceError):
    """Another rebuild has begun, and will end as this one would have."""

    status = 409
    code = "rebuild-overtaken"
    title = "Another rebuild of the search index has begun"

    def __init__(self, build: str) -> None:
        super().__init__(f"The rebuild {build} of the search index was overtaken by another one.", build=build)
        self.build = build


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What one call did: products that are found now, products that are found no more, and what was refused."""

    indexed: int = 0
    removed: int = 0
    rejected: tuple[Rejected, ...] = ()

    def __add__(self, other: IndexReport) -> IndexReport:
        return IndexReport(
            indexed=self.indexed + other.indexed,
            removed=self.removed + other.removed,
            rejected=self.rejected + other.rejected,
        )


class Indexer:
    """Writes products to the search index."""

    def __init__(self, *, products: Products, offers: Offers, index: SearchIndex) -> None:
        self._products = products
        self._offers = offers
        self._index = index

    async def index(self, product_ids: Collection[str], build: str | None = None) -> IndexReport:
        """Read these products and write what they are now. Raises SearchUnavailable and what the stores raise."""
        wanted = tuple(dict.fromkeys(product_ids))
        if not wanted:
            return IndexReport()
        version = await self._offers.clock()
        products = await self._products.find(wanted)
        listings = await self._offers.listings(wanted)
        changes = [
            IndexChange(
                product_id=one,
                version=version,
                document=document_of(products[one], listings[one]) if one in products else None,
            )
            for one in wanted
        ]
        rejected = await self._index.write(changes, build)
        refused = {one.product_id for one in rejected}
        indexed = sum(change.document is not None and change.product_id not in refused for change in changes)
        return IndexReport(indexed=indexed, removed=len(changes) - indexed - len(rejected), rejected=rejected)

    async def prepare(self) -> None:
        """Make the index if there is none, so that it can be written to."""
        await self._index.prepare()

    async def rebuild_is_due(self, after: timedelta) -> bool:
        """Make the index if there is none. Whether to `rebuild` it: it is new, made for other documents, or older than
        `after`, so that what was lost on the way is found again."""
        return await self._index.prepare(await self._offers.clock() - after // timedelta(microseconds=1))

    async def rebuild(self) -> IndexReport:
        """Index everything anew beside the index that is searched, then search the new one.

        What is written meanwhile reaches both, so nothing is lost. Raises RebuildOvertaken.
        """
        build = f"{await self._offers.clock():020d}"
        await self._index.begin_rebuild(build)
        report, cursor = IndexReport(), None
        while True:
            page = await self._products.list(REBUILD_BATCH, cursor)
            report += await self.index([product.product_id for product in page.items], build)
            cursor = page.next_cursor
            if cursor is None:
                break
        await self._index.finish_rebuild(build)
        return report
