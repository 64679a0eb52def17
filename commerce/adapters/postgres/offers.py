"""Sellers, prices and stock in PostgreSQL: what can be bought."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import asyncpg

from commerce.adapters.postgres.events import record
from commerce.catalog import (
    MAXIMUM_STOCK,
    MAXIMUM_UNIT_PRICE,
    Listing,
    Offer,
    OfferChange,
    Seller,
    UnknownOffer,
    UnknownSeller,
    offer_id_for,
)
from commerce.events import DomainEvent, EventType
from commerce.inventory import StockSnapshot
from commerce.money import Money

# Both statements repeat `inventory.available`: a subquery per offer for the few of a page, one pass for many.
_LISTINGS = """
SELECT o.*, p.display_name, o.stock - coalesce(
    (SELECT sum(l.quantity) FROM order_lines l WHERE l.offer_id = o.offer_id AND l.stock_state = 'unconfirmed'), 0
)::bigint AS available
FROM offers o JOIN sellers p USING (seller_id)
"""
# The accept statement repeats this rule.
_SHOWN = "o.withdrawn_at IS NULL AND p.suspended_at IS NULL"
_AVAILABLE = """
SELECT o.offer_id, o.stock - coalesce(w.units, 0)::bigint AS available
FROM offers o
LEFT JOIN (
    SELECT offer_id, sum(quantity) AS units FROM order_lines
    WHERE stock_state = 'unconfirmed' AND offer_id = ANY ($1::text[])
    GROUP BY offer_id
) AS w USING (offer_id)
WHERE o.offer_id = ANY ($1::text[]) AND o.withdrawn_at IS NULL
"""
_INSERT = """
INSERT INTO offers (offer_id, seller_id, product_id, title, unit_price, currency, stock)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (offer_id)
"""
_REPLACE = """
DO UPDATE SET title = excluded.title, unit_price = excluded.unit_price, currency = excluded.currency,
    stock = excluded.stock, withdrawn_at = NULL
"""
_BRING_BACK = f"{_REPLACE} WHERE offers.withdrawn_at IS NOT NULL"
# `OfferChange.of` in one statement, so that no sale can happen between the check and the write.
_CHANGE = """
UPDATE offers SET title = $2, unit_price = $3, currency = $4, stock = stock + $5
WHERE offer_id = $1 AND withdrawn_at IS NULL AND $3 BETWEEN 1 AND $9 AND stock + $5 BETWEEN 0 AND $8
    AND ($6::bigint IS NULL OR stock = $6) AND ($7::bigint IS NULL OR unit_price = $7)
RETURNING *
"""
_ATTEMPTS = 3


class PostgresOffers:
    """`commerce.ports.Offers` over a pool of connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def put_seller(self, seller: Seller) -> None:
        await self._pool.execute(
            "INSERT INTO sellers AS s (seller_id, display_name, account_id) VALUES ($1, $2, $3) "
            "ON CONFLICT (seller_id) DO UPDATE SET display_name = excluded.display_name, "
            "account_id = coalesce(excluded.account_id, s.account_id)",
            seller.seller_id,
            seller.display_name,
            seller.account_id,
        )

    async def seller(self, seller_id: str) -> Seller:
        row = await self._pool.fetchrow(
            "SELECT seller_id, display_name, account_id FROM sellers WHERE seller_id = $1", seller_id
        )
        if row is None:
            raise UnknownSeller(seller_id)
        return Seller(**row)

    async def put(self, offer: Offer) -> None:
        await self._insert(offer, _REPLACE)

    async def create(self, offer: Offer) -> bool:
        return await self._insert(offer, _BRING_BACK)

    async def _insert(self, offer: Offer, otherwise: str) -> bool:
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                written = await connection.fetch(
                    f"{_INSERT} {otherwise} RETURNING 1",
                    offer.offer_id,
                    offer.seller_id,
                    offer.product_id,
                    offer.title,
                    offer.unit_price.amount,
                    offer.unit_price.currency,
                    offer.stock,
                )
                if written:
                    await record(connection, _changed(offer.product_id))
        except asyncpg.ForeignKeyViolationError as error:
            raise UnknownSeller(offer.seller_id) from error
        return bool(written)

    async def change(self, offer_id: str, title: str, unit_price: Money, change: OfferChange) -> Offer:
        price = (unit_price.amount, unit_price.currency)
        stock = (change.stock, change.expected_stock, change.expected_price)
        limits = (MAXIMUM_STOCK, MAXIMUM_UNIT_PRICE)
        for _ in range(_ATTEMPTS):
            async with self._pool.acquire() as connection, connection.transaction():
                row = await connection.fetchrow(_CHANGE, offer_id, title, *price, *stock, *limits)
                if row is not None:
                    await record(connection, _changed(row["product_id"]))
            if row is not None:
                return _offer(row)
            present = await self._pool.fetchrow(
                "SELECT * FROM offers WHERE offer_id = $1 AND withdrawn_at IS NULL", offer_id
            )
            if present is None:
                raise UnknownOffer((offer_id,))
            change.of(_offer(present), title, unit_price)  # raises what refuses the change
            # What refused it has changed since the statement: try again.
        raise asyncpg.SerializationError(f"Offer {offer_id} changes all the time. Try again.")

    async def withdraw(self, offer_ids: Collection[str]) -> tuple[str, ...]:
        async with self._pool.acquire() as connection, connection.transaction():
            return await _withdraw(connection, offer_ids)

    async def withdraw_product(self, product_id: str, seller_id: str) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await _withdraw(connection, [offer_id_for(seller_id, product_id)])
            await record(connection, DomainEvent(type=EventType.PRODUCT_WITHDRAWN, subject_id=product_id))

    async def products_of(self, seller_id: str, after: str, limit: int) -> tuple[str, ...]:
        rows = await self._pool.fetch(
            "SELECT product_id FROM offers WHERE seller_id = $1 AND product_id > $2 AND withdrawn_at IS NULL "
            "ORDER BY product_id LIMIT $3",
            seller_id,
            after,
            limit,
        )
        return tuple(row["product_id"] for row in rows)

    async def rename(self, product_id: str, title: str) -> None:
        await self._pool.execute("UPDATE offers SET title = $2 WHERE product_id = $1", product_id, title)

    async def listings(self, product_ids: Collection[str]) -> Mapping[str, tuple[Listing, ...]]:
        rows = await self._pool.fetch(
            f"{_LISTINGS} WHERE {_SHOWN} AND o.product_id = ANY ($1::text[]) ORDER BY o.unit_price, o.offer_id",
            list(product_ids),
        )
        found: dict[str, list[Listing]] = {product_id: [] for product_id in product_ids}
        for row in rows:
            found[row["product_id"]].append(_listing(row))
        return {product_id: tuple(listings) for product_id, listings in found.items()}

    async def get(self, offer_ids: Collection[str]) -> Mapping[str, Listing]:
        return await read_listings(self._pool, offer_ids)

    async def available(self, offer_ids: Collection[str]) -> Mapping[str, int]:
        rows = await self._pool.fetch(_AVAILABLE, list(offer_ids))
        return {row["offer_id"]: row["available"] for row in rows}

    async def ids(self, after: str, limit: int) -> tuple[str, ...]:
        rows = await self._pool.fetch(
            "SELECT offer_id FROM offers WHERE offer_id > $1 AND withdrawn_at IS NULL ORDER BY offer_id LIMIT $2",
            after,
            limit,
        )
        return tuple(row["offer_id"] for row in rows)

    async def clock(self) -> int:
        now: int = await self._pool.fetchval("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return now

    async def snapshot(self, offer_ids: Collection[str], reservations: Collection[str]) -> StockSnapshot:
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            available = await connection.fetch(_AVAILABLE, list(offer_ids))
            ordered = await connection.fetch(
                "SELECT DISTINCT order_id FROM order_lines "
                "WHERE order_id = ANY ($1::text[]) AND stock_state <> 'restored'",
                list(reservations),
            )
        return StockSnapshot(
            available={row["offer_id"]: row["available"] for row in available},
            ordered=frozenset(row["order_id"] for row in ordered),
        )


async def read_listings(pool: asyncpg.Pool, offer_ids: Collection[str]) -> Mapping[str, Listing]:
    """The offers that exist among these and are shown."""
    rows = await pool.fetch(f"{_LISTINGS} WHERE {_SHOWN} AND o.offer_id = ANY ($1::text[])", list(offer_ids))
    return {row["offer_id"]: _listing(row) for row in rows}


async def _withdraw(connection: asyncpg.Connection, offer_ids: Collection[str]) -> tuple[str, ...]:
    rows = await connection.fetch(
        "UPDATE offers SET withdrawn_at = now() WHERE offer_id = ANY ($1::text[]) AND withdrawn_at IS NULL "
        "RETURNING offer_id, product_id",
        sorted(offer_ids),
    )
    await record(connection, *(_changed(row["product_id"]) for row in rows))
    return tuple(sorted(row["offer_id"] for row in rows))


def _changed(product_id: str) -> DomainEvent:
    return DomainEvent(type=EventType.OFFER_CHANGED, subject_id=product_id, data={"product_ids": [product_id]})


def _listing(row: Any) -> Listing:
    return Listing(offer=_offer(row), seller_name=row["display_name"], available=max(row["available"], 0))


def _offer(row: Any) -> Offer:
    return Offer(
        offer_id=row["offer_id"],
        seller_id=row["seller_id"],
        product_id=row["product_id"],
        title=row["title"],
        unit_price=Money(row["unit_price"], row["currency"]),
        stock=row["stock"],
    )
