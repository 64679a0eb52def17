"""The accept path: one statement that prices a checkout and writes the whole order."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg

from commerce.adapters.postgres.offers import read_listings
from commerce.adapters.telemetry import traceparent
from commerce.currencies import charge_limits, check_chargeable
from commerce.inventory import check_in_stock, check_lines
from commerce.money import Money
from commerce.orders import Accepted, Checkout, OrderNotFound, OrderStatus, place

# `commerce.orders.place`, `check_chargeable`, `check_in_stock` and `transitions.order_event` in one round trip and one
# commit, without a lock on any offer: prices and stocks are only read. When they refuse, `placed` is empty, and so is
# all that selects from it.
_ACCEPT = """
WITH priced AS MATERIALIZED (
    SELECT o.offer_id, o.product_id, o.seller_id, o.title, o.unit_price, o.stock, d.quantity
    FROM unnest($3::text[], $4::integer[]) AS d (offer_id, quantity)
    JOIN offers o ON o.offer_id = d.offer_id AND o.currency = $5 AND o.withdrawn_at IS NULL
    JOIN sellers p ON p.seller_id = o.seller_id AND p.suspended_at IS NULL
), totals AS MATERIALIZED (
    SELECT coalesce(sum(unit_price * quantity), 0)::bigint AS total,
        count(*) FILTER (WHERE stock >= quantity) AS in_stock
    FROM priced
), placed AS (
    INSERT INTO orders (order_id, buyer_id, currency, total, payment_method, cart_revision)
    SELECT $1, $2, $5, total, $6, $9 FROM totals
    WHERE in_stock = cardinality($3::text[]) AND ($8::bigint IS NULL OR total = $8) AND total BETWEEN $10 AND $11
    ON CONFLICT DO NOTHING
    RETURNING order_id
), lines AS (
    INSERT INTO order_lines (order_id, offer_id, product_id, seller_id, title, quantity, unit_price)
    SELECT placed.order_id, offer_id, product_id, seller_id, title, quantity, unit_price FROM placed, priced
), shares AS (
    INSERT INTO seller_orders (order_id, seller_id, gross, commission)
    SELECT placed.order_id, seller_id, gross, commission(gross, $7)
    FROM placed, (
        SELECT seller_id, sum(unit_price * quantity)::bigint AS gross FROM priced GROUP BY seller_id
    ) AS by_seller
), queued AS (
    INSERT INTO outbox (order_id, attempt, traceparent) SELECT order_id, 1, $12 FROM placed
), told AS (
    INSERT INTO events (type, subject_id, data, traceparent)
    SELECT 'order_accepted', order_id,
        json_build_object('buyer_id', $2::text, 'total', total, 'currency', $5::text), $12
    FROM placed, totals
)
SELECT total, EXISTS (SELECT FROM placed) AS placed FROM totals
"""
_EARLIER = """
SELECT order_id, buyer_id, total, currency, status FROM orders
WHERE order_id = $1 OR (buyer_id = $2 AND cart_revision = $3 AND status <> 'failed')
ORDER BY order_id = $1 DESC LIMIT 1
"""
_ATTEMPTS = 3


async def accept(pool: asyncpg.Pool, checkout: Checkout) -> Accepted:
    """See `commerce.ports.Orders.accept`."""
    check_lines(checkout.lines)
    limits = charge_limits(checkout.currency)
    for _ in range(_ATTEMPTS):
        row = await pool.fetchrow(
            _ACCEPT,
            checkout.order_id,
            checkout.buyer_id,
            list(checkout.lines),
            list(checkout.lines.values()),
            checkout.currency,
            checkout.payment_method,
            checkout.commission_basis_points,
            checkout.expected_total,
            checkout.cart_revision,
            limits.minimum,
            limits.maximum,
            traceparent(),
        )
        if row["placed"]:
            return Accepted(order_id=checkout.order_id, total=Money(row["total"], checkout.currency))
        if (earlier := await _earlier(pool, checkout)) is not None:
            return earlier
        await _check(pool, checkout)
        # What refused the checkout has changed since the statement: try again.
    raise asyncpg.SerializationError(f"The offers of order {checkout.order_id} change all the time. Try again.")


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
