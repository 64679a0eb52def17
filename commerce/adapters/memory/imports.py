"""`commerce.ports.Imports` in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from commerce.adapters.memory.market import MemoryMarket
from commerce.catalog import UnknownSeller
from commerce.events import DomainEvent, EventType
from commerce.import_reading import Position
from commerce.import_rows import RowError
from commerce.imports import (
    KEPT_ERRORS,
    Counts,
    Import,
    ImportedOffer,
    ImportMoved,
    ImportNotFound,
    ImportState,
    PreparedRow,
    decide,
)


class MemoryImports:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market
        self._jobs: dict[str, Import] = {}
        self._errors: dict[str, list[RowError]] = {}
        self._known: dict[str, ImportedOffer] = {}
        """What was imported, by offer id. The offer itself is the market's."""

    async def create(self, job: Import) -> None:
        if job.seller_id not in self._market.sellers:
            raise UnknownSeller(job.seller_id)
        self._jobs[job.import_id] = job
        self._errors[job.import_id] = []

    async def get(self, import_id: str, seller_id: str | None = None) -> Import:
        job = self._jobs.get(import_id)
        if job is None or seller_id not in (None, job.seller_id):
            raise ImportNotFound(import_id)
        return job

    async def of_seller(self, seller_id: str, limit: int, before: datetime | None = None) -> tuple[Import, ...]:
        own = [job for job in self._jobs.values() if job.seller_id == seller_id]
        earlier = [job for job in own if before is None or job.created_at < before]
        return tuple(sorted(earlier, key=lambda job: job.created_at, reverse=True)[:limit])

    async def errors(self, import_id: str, after: int, limit: int) -> tuple[RowError, ...]:
        return tuple([error for error in self._errors[import_id] if error.line > after][:limit])

    async def begin(self, import_id: str, size: int) -> Import:
        job = await self.get(import_id)
        if not job.ended:
            job = self._jobs[import_id] = replace(job, state=ImportState.RUNNING, size=size)
        return job

    async def known(
        self, seller_id: str, skus: Collection[str], product_ids: Collection[str]
    ) -> tuple[ImportedOffer, ...]:
        own = [self._of(offer_id) for offer_id, one in self._market.offers.items() if one.seller_id == seller_id]
        return tuple(one for one in own if one.sku in skus or one.offer.product_id in product_ids)

    async def titles(self, product_ids: Collection[str]) -> Mapping[str, str]:
        return {
            offer.product_id: offer.title
            for offer_id, offer in self._market.offers.items()
            if offer.product_id in product_ids and offer_id not in self._market.withdrawn
        }

    async def apply(
        self,
        import_id: str,
        start: Position,
        end: Position,
        rows: Sequence[PreparedRow],
        errors: Sequence[RowError],
    ) -> Import:
        job = await self.get(import_id)
        if job.position != start or job.state is not ImportState.RUNNING:
            raise ImportMoved(import_id, start)
        skus, product_ids = {one.row.sku for one in rows}, {one.product_id for one in rows}
        batch = decide(job.seller_id, rows, await self.known(job.seller_id, skus, product_ids))
        for write in batch.writes:
            self._market.offers[write.offer.offer_id] = write.offer
            self._market.withdrawn.discard(write.offer.offer_id)
            self._known[write.offer.offer_id] = write
        wrong = sorted((*errors, *batch.errors), key=lambda error: error.line)
        kept = self._errors[import_id]
        kept += wrong[: max(0, KEPT_ERRORS - len(kept))]
        counts = job.counts + batch.counts + Counts(failed=len(errors))
        job = self._jobs[import_id] = replace(job, position=end, counts=counts)
        if batch.writes:
            self._market.record(
                DomainEvent(type=EventType.OFFER_CHANGED, subject_id=import_id, data={"product_ids": batch.product_ids})
            )
        return job

    async def end(self, import_id: str, failure: str | None = None) -> Import:
        job = await self.get(import_id)
        if not job.ended:
            state = ImportState.FINISHED if failure is None else ImportState.REFUSED
            job = self._jobs[import_id] = replace(job, state=state, failure=failure, finished_at=datetime.now(UTC))
        return job

    def _of(self, offer_id: str) -> ImportedOffer:
        known = self._known.get(offer_id, ImportedOffer(offer=self._market.offers[offer_id]))
        return replace(known, offer=self._market.offers[offer_id], withdrawn=offer_id in self._market.withdrawn)
