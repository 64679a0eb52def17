"""Imports in PostgreSQL: a batch of rows, and how far the file is read, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from commerce.adapters.postgres.events import record
from commerce.catalog import Offer, UnknownSeller
from commerce.events import DomainEvent, EventType
from commerce.import_reading import ImportFormat, Position
from commerce.import_rows import RowError
from commerce.imports import (
    KEPT_ERRORS,
    Batch,
    Counts,
    Import,
    ImportedOffer,
    ImportMoved,
    ImportNotFound,
    ImportState,
    PreparedRow,
    decide,
)
from commerce.money import Money

_MOVE = """
UPDATE imports SET offset_bytes = $4, line = $5
WHERE import_id = $1 AND state = 'running' AND offset_bytes = $2 AND line = $3
RETURNING *
"""
_COUNT = """
UPDATE imports SET created = created + $2, changed = changed + $3, unchanged = unchanged + $4, failed = failed + $5
WHERE import_id = $1
RETURNING *
"""
# Two indexes answer it, row by row: an OR of both conditions would read all offers of the seller for each batch. In the
# order of the ids, in which everybody locks offers.
_KNOWN = """
SELECT o.* FROM offers o WHERE o.offer_id IN (
    SELECT s.offer_id FROM unnest($2::text[]) AS w (sku) JOIN offers s ON s.seller_id = $1 AND s.sku = w.sku
    UNION
    SELECT p.offer_id FROM unnest($3::text[]) AS w (product_id)
    JOIN offers p ON p.seller_id = $1 AND p.product_id = w.product_id
)
ORDER BY o.offer_id
"""
_WRITE = """
INSERT INTO offers (offer_id, seller_id, product_id, title, unit_price, currency, stock, sku, declared_stock, described)
SELECT offer_id, $2, product_id, title, unit_price, $6, stock, sku, declared_stock, described
FROM unnest($1::text[], $3::text[], $4::text[], $5::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::text[])
    AS w (offer_id, product_id, title, unit_price, stock, sku, declared_stock, described)
ON CONFLICT (offer_id) DO UPDATE SET title = excluded.title, unit_price = excluded.unit_price,
    currency = excluded.currency, stock = excluded.stock, sku = excluded.sku,
    declared_stock = excluded.declared_stock, described = excluded.described, withdrawn_at = NULL
"""
_ERRORS = """
INSERT INTO import_errors (import_id, line, code, column_name, message)
SELECT $1, * FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[])
ON CONFLICT DO NOTHING
"""
_BEGIN = """
UPDATE imports SET state = 'running', size_bytes = $2 WHERE import_id = $1 AND state IN ('waiting', 'running')
"""
_END = """
UPDATE imports SET state = $2, failure = $3, finished_at = now()
WHERE import_id = $1 AND state IN ('waiting', 'running')
"""


class PostgresImports:
    """`commerce.ports.Imports` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def create(self, job: Import) -> None:
        try:
            await self._pool.execute(
                "INSERT INTO imports (import_id, seller_id, format, created_at) VALUES ($1, $2, $3, $4)",
                job.import_id,
                job.seller_id,
                job.format,
                job.created_at,
            )
        except asyncpg.ForeignKeyViolationError as error:
            raise UnknownSeller(job.seller_id) from error

    async def get(self, import_id: str, seller_id: str | None = None) -> Import:
        row = await self._pool.fetchrow(
            "SELECT * FROM imports WHERE import_id = $1 AND ($2::text IS NULL OR seller_id = $2)", import_id, seller_id
        )
        if row is None:
            raise ImportNotFound(import_id)
        return _import(row)

    async def of_seller(self, seller_id: str, limit: int, before: datetime | None = None) -> tuple[Import, ...]:
        rows = await self._pool.fetch(
            "SELECT * FROM imports WHERE seller_id = $1 AND ($3::timestamptz IS NULL OR created_at < $3) "
            "ORDER BY created_at DESC LIMIT $2",
            seller_id,
            limit,
            before,
        )
        return tuple(map(_import, rows))

    async def errors(self, import_id: str, after: int, limit: int) -> tuple[RowError, ...]:
        rows = await self._pool.fetch(
            "SELECT * FROM import_errors WHERE import_id = $1 AND line > $2 ORDER BY line LIMIT $3",
            import_id,
            after,
            limit,
        )
        return tuple(
            RowError(line=row["line"], code=row["code"], column=row["column_name"], message=row["message"])
            for row in rows
        )

    async def begin(self, import_id: str, size: int) -> Import:
        await self._pool.execute(_BEGIN, import_id, size)
        return await self.get(import_id)

    async def known(
        self, seller_id: str, skus: Collection[str], product_ids: Collection[str]
    ) -> tuple[ImportedOffer, ...]:
        rows = await self._pool.fetch(_KNOWN, seller_id, list(skus), list(product_ids))
        return tuple(map(_known, rows))

    async def titles(self, product_ids: Collection[str]) -> Mapping[str, str]:
        rows = await self._pool.fetch(
            "SELECT DISTINCT ON (product_id) product_id, title FROM offers "
            "WHERE product_id = ANY ($1::text[]) AND withdrawn_at IS NULL ORDER BY product_id",
            list(product_ids),
        )
        return {row["product_id"]: row["title"] for row in rows}

    async def apply(
        self,
        import_id: str,
        start: Position,
        end: Position,
        rows: Sequence[PreparedRow],
        errors: Sequence[RowError],
    ) -> Import:
        async with self._pool.acquire() as connection, connection.transaction():
            # First of all: whoever else reads this file waits here, and then sees that it has moved.
            moved = await connection.fetchrow(_MOVE, import_id, start.offset, start.line, end.offset, end.line)
            if moved is None:
                raise ImportMoved(import_id, start)
            seller_id, failed = moved["seller_id"], moved["failed"]
            skus, product_ids = [one.row.sku for one in rows], [one.product_id for one in rows]
            known = await connection.fetch(f"{_KNOWN} FOR UPDATE OF o", seller_id, skus, product_ids)
            batch = decide(seller_id, rows, map(_known, known))
            if batch.writes:
                await self._write(connection, import_id, seller_id, batch)
            wrong = sorted((*errors, *batch.errors), key=lambda error: error.line)[: max(0, KEPT_ERRORS - failed)]
            if wrong:
                await connection.execute(
                    _ERRORS,
                    import_id,
                    [error.line for error in wrong],
                    [error.code for error in wrong],
                    [error.column for error in wrong],
                    [error.message for error in wrong],
                )
            counts = batch.counts + Counts(failed=len(errors))
            figures = (counts.created, counts.changed, counts.unchanged, counts.failed)
            return _import(await connection.fetchrow(_COUNT, import_id, *figures))

    @staticmethod
    async def _write(connection: asyncpg.Connection, import_id: str, seller_id: str, batch: Batch) -> None:
        writes = sorted(batch.writes, key=lambda write: write.offer.offer_id)
        offers = [write.offer for write in writes]
        await connection.execute(
            _WRITE,
            [offer.offer_id for offer in offers],
            seller_id,
            [offer.product_id for offer in offers],
            [offer.title for offer in offers],
            [offer.unit_price.amount for offer in offers],
            offers[0].unit_price.currency,
            [offer.stock for offer in offers],
            [write.sku for write in writes],
            [write.declared_stock for write in writes],
            [write.described for write in writes],
        )
        event = DomainEvent(type=EventType.OFFER_CHANGED, subject_id=import_id, data={"product_ids": batch.product_ids})
        await record(connection, event)

    async def end(self, import_id: str, failure: str | None = None) -> Import:
        state = ImportState.FINISHED if failure is None else ImportState.REFUSED
        await self._pool.execute(_END, import_id, state, failure)
        return await self.get(import_id)


def _import(row: Any) -> Import:
    return Import(
        import_id=row["import_id"],
        seller_id=row["seller_id"],
        format=ImportFormat(row["format"]),
        created_at=row["created_at"],
        state=ImportState(row["state"]),
        size=row["size_bytes"],
        position=Position(offset=row["offset_bytes"], line=row["line"]),
        counts=Counts(created=row["created"], changed=row["changed"], unchanged=row["unchanged"], failed=row["failed"]),
        failure=row["failure"],
        finished_at=row["finished_at"],
    )


def _known(row: Any) -> ImportedOffer:
    return ImportedOffer(
        offer=Offer(
            offer_id=row["offer_id"],
            seller_id=row["seller_id"],
            product_id=row["product_id"],
            title=row["title"],
            unit_price=Money(row["unit_price"], row["currency"]),
            stock=row["stock"],
        ),
        sku=row["sku"],
        declared_stock=row["declared_stock"],
        described=row["described"],
        withdrawn=row["withdrawn_at"] is not None,
    )
