"""The accept path: one statement that prices checkouts and writes their whole orders.

Buyers who check out at the same time share the statement and its commit. Each is accepted or refused for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import asyncpg

from commerce.adapters.batches import Batches
from commerce.adapters.postgres.connection import OUTAGES
from commerce.adapters.postgres.offers import read_listings
from commerce.adapters.telemetry import traceparent
from commerce.adapters.tracing import waiting_for
from commerce.currencies import charge_limits, check_chargeable
from commerce.inventory import check_in_stock, check_lines
from commerce.money import Money
from commerce.orders import Accepted, Checkout, OrderNotFound, OrderStatus, place

# `commerce.orders.place`, `check_chargeable`, `check_in_stock` and `transitions.order_event` in one round trip and one
# commit, without a lock on any offer: prices and stocks are only read. A checkout that they refuse is not in `placed`,
# nor in anything that selects from it. `OFFSET 0` has each offer looked up by its key, however small the table is
# thought to be. Orders are inserted in one order, so that two statements never wait for each other.
_ACCEPT = """
WITH asked AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::bigint[], $7::text[],
        $8::bigint[], $9::bigint[], $10::text[], $11::integer[])
    AS c (order_id, buyer_id, currency, payment_method, basis_points, expected_total, cart_revision,
        minimum, maximum, traceparent, lines)
), priced AS MATERIALIZED (
    SELECT d.order_id, o.offer_id, o.product_id, o.seller_id, o.title, o.unit_price, o.stock, d.quantity
    FROM unnest($12::text[], $13::text[], $14::text[], $15::integer[]) AS d (order_id, currency, offer_id, quantity)
    CROSS JOIN LATERAL (
        SELECT offers.* FROM offers JOIN sellers p USING (seller_id)
        WHERE offer_id = d.offer_id AND currency = d.currency AND withdrawn_at IS NULL AND p.suspended_at IS NULL
        OFFSET 0
    ) AS o
), totals AS MATERIALIZED (
    SELECT order_id, sum(unit_price * quantity)::bigint AS total, count(*) FILTER (WHERE stock >= quantity) AS in_stock
    FROM priced GROUP BY order_id
), placed AS (
    INSERT INTO orders (order_id, buyer_id, currency, total, payment_method, cart_revision)
    SELECT order_id, buyer_id, currency, total, payment_method, cart_revision
    FROM asked JOIN totals USING (order_id)
    WHERE in_stock = lines AND (expected_total IS NULL OR total = expected_total) AND total BETWEEN minimum AND maximum
    ORDER BY buyer_id, order_id
    ON CONFLICT DO NOTHING
    RETURNING order_id, buyer_id, currency, total
), lines AS (
    INSERT INTO order_lines (order_id, offer_id, product_id, seller_id, title, quantity, unit_price)
    SELECT order_id, offer_id, product_id, seller_id, title, quantity, unit_price
    FROM placed JOIN priced USING (order_id)
), shares AS (
    INSERT INTO seller_orders (order_id, seller_id, gross, commission)
    SELECT order_id, seller_id, gross, commission(gross, basis_points)
    FROM placed JOIN asked USING (order_id) JOIN (
        SELECT order_id, seller_id, sum(unit_price * quantity)::bigint AS gross FROM priced GROUP BY order_id, seller_id
    ) AS by_seller USING (order_id)
), queued AS (
    INSERT INTO outbox (order_id, attempt, traceparent)
    SELECT order_id, 1, traceparent FROM placed JOIN asked USING (order_id)
), told AS (
    INSERT INTO events (type, subject_id, data, traceparent)
    SELECT 'order_accepted', order_id,
        json_build_object('buyer_id', p.buyer_id, 'total', p.total, 'currency', p.currency), traceparent
    FROM placed p JOIN asked USING (order_id)
)
SELECT order_id, total FROM placed
"""
_EARLIER = """
SELECT order_id, buyer_id, total, currency, status FROM orders
WHERE order_id = $1 OR (buyer_id = $2 AND cart_revision = $3 AND status <> 'failed')
ORDER BY order_id = $1 DESC LIMIT 1
"""
_ATTEMPTS = 3
_AT_ONCE = 2
_MOST = 32
_Asked = tuple[Checkout, "str | None"]


class Acceptances:
    """Accepts checkouts, those that come together in one statement."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._batches: Batches[_Asked, int | None] = Batches(
            self._place, at_once=_AT_ONCE, most=_MOST, name=lambda asked: asked[0].buyer_id
        )

    async def accept(self, checkout: Checkout) -> Accepted:
        """See `commerce.ports.Orders.accept`."""
        check_lines(checkout.lines)
        charge_limits(checkout.currency)
        for _ in range(_ATTEMPTS):
            with waiting_for("postgresql", "INSERT", _ACCEPT):
                total = await self._batches.result((checkout, traceparent()))
            if total is not None:
                return Accepted(order_id=checkout.order_id, total=Money(total, checkout.currency))
            if (earlier := await _earlier(self._pool, checkout)) is not None:
                return earlier
            await _check(self._pool, checkout)
            # What refused the checkout has changed since the statement: try again.
        raise asyncpg.SerializationError(f"The offers of order {checkout.order_id} change all the time. Try again.")

    async def _place(self, asked: Sequence[_Asked]) -> Sequence[int | Exception | None]:
        """The total of each checkout whose order is written now, None for the others."""
        try:
            placed = await self._accept(asked)
        except OUTAGES:
            raise
        except Exception:
            if len(asked) == 1:
                raise
            # The statement wrote nothing. One of them is to blame, and the others must not suffer for it.
            return [await self._alone(one) for one in asked]
        return [placed.get(checkout.order_id) for checkout, _ in asked]

    async def _alone(self, asked: _Asked) -> int | Exception | None:
        try:
            return (await self._accept([asked])).get(asked[0].order_id)
        except Exception as error:
            return error

    async def _accept(self, asked: Sequence[_Asked]) -> dict[str, int]:
        checkouts = [checkout for checkout, _ in asked]
        limits = [charge_limits(one.currency) for one in checkouts]
        lines = [(one.order_id, one.currency, *line) for one in checkouts for line in one.lines.items()]
        rows = await self._pool.fetch(
            _ACCEPT,
            [one.order_id for one in checkouts],
            [one.buyer_id for one in checkouts],
            [one.currency for one in checkouts],
            [one.payment_method for one in checkouts],
            [one.commission_basis_points for one in checkouts],
            [one.expected_total for one in checkouts],
            [one.cart_revision for one in checkouts],
            [limit.minimum for limit in limits],
            [limit.maximum for limit in limits],
            [trace for _, trace in asked],
            [len(one.lines) for one in checkouts],
            *map(list, zip(*lines, strict=True)),
        )
        return {row["order_id"]: row["total"] for row in rows}


async def _earlier(pool: asyncpg.Pool, checkout: Checkout) -> Accepted | None:
    row = await pool.fetchrow(_EARLIER, checkout.order_id, checkout.buyer_id, checkout.cart_revision)
    if row is None:
        return None
    if row["buyer_id"] != checkout.buyer_id:
        raise OrderNotFound(checkout.order_id)
    return Accepted(
        order_id=row["order_id"],
        total=Money(row["total"], row["currency"]),
        status=OrderStatus(row["status"]),
        replayed=True,
    )


async def _check(pool: asyncpg.Pool, checkout: Checkout) -> None:
    """Raises what refuses the checkout, if it still does."""
    listings = await read_listings(pool, checkout.lines)
    offers = {offer_id: listing.offer for offer_id, listing in listings.items()}
    names = {listing.offer.seller_id: listing.seller_name for listing in listings.values()}
    order = place(checkout, offers, names, datetime.now(UTC))
    check_chargeable(order.total)
    check_in_stock(order, offers)
