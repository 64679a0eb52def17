"""What is done when a product changes, and what is done every few minutes."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from commerce.indexing import Indexer, IndexReport
from commerce.ports import DeadLetters
from commerce.search import SearchUnavailable
from commerce.stock_keeping import Drift, StockKeeper


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundReport:
    """What a scheduled call found and did; `rebuilt` is None where the index was young enough."""

    drift: Drift
    rebuilt: IndexReport | None


class InventorySync:
    """Repeating any of it does no harm: everything is read anew from the authorities."""

    def __init__(
        self,
        *,
        indexer: Indexer,
        stock: StockKeeper,
        dead_letters: DeadLetters,
        rebuild_after: timedelta,
    ) -> None:
        self._indexer = indexer
        self._stock = stock
        self._dead_letters = dead_letters
        self._rebuild_after = rebuild_after
        self._prepared = False

    async def changed(self, product_ids: Collection[str]) -> IndexReport:
        """Index products that changed, or whose offers did. Raises SearchUnavailable: the change comes again."""
        if not self._prepared:
            await self._indexer.prepare()
            self._prepared = True
        try:
            return await self._keep_rejected(await self._indexer.index(product_ids))
        except SearchUnavailable:
            self._prepared = False  # the engine may be another one when it comes back
            raise

    async def round(self) -> RoundReport:
        """Rebuild the stock counters, then the search index where it is due: it is new, made for other documents, or
        so old that a lost change could have gone unnoticed in it for too long."""
        drift = await self._stock.reconcile()
        if not await self._indexer.rebuild_is_due(self._rebuild_after):
            return RoundReport(drift=drift, rebuilt=None)
        return RoundReport(drift=drift, rebuilt=await self._keep_rejected(await self._indexer.rebuild()))

    async def _keep_rejected(self, report: IndexReport) -> IndexReport:
        await self._dead_letters.put(
            [
                json.dumps({"product_id": one.product_id, "version": one.version, "reason": one.reason})
                for one in report.rejected
            ]
        )
        return report
