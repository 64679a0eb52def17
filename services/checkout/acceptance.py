"""The accept path: from a cart to an accepted order, fast. Everything slow is the saga's work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from commerce.catalog import UnknownOffer
from commerce.inventory import UnknownCounters
from commerce.orders import Accepted, Checkout, OrderNotFound, order_id_for
from commerce.ports import Carts, Orders
from services.checkout.relay import Relay
from services.checkout.stock import StockKeeper


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What the marketplace charges and how long a reservation lasts while its order is being accepted and paid."""

    currency: str
    commission_basis_points: int
    reservation_ttl: timedelta


class Acceptance:
    """Reserves a buyer's cart and writes the order, or does neither.

    The order id follows from the buyer and the request's idempotency key, or else from the revision of the cart: a
    repeated request and a double click find the order that the first one made.
    """

    def __init__(self, *, carts: Carts, stock: StockKeeper, orders: Orders, terms: Terms, relay: Relay) -> None:
        self._carts = carts
        self._stock = stock
        self._orders = orders
        self._terms = terms
        self._relay = relay

    async def accept(
        self, buyer_id: str, *, payment_method: str, expected_total: int | None, idempotency_key: str | None
    ) -> Accepted:
        """Raises EmptyCart, UnknownOffer, SoldOut or PriceChanged; the cart is then as it was and nothing is held."""
        with self._relay.buyer_waits():
            accepted = await self._accept(buyer_id, payment_method, expected_total, idempotency_key)
        self._relay.wake()
        return accepted

    async def _accept(
        self, buyer_id: str, payment_method: str, expected_total: int | None, idempotency_key: str | None
    ) -> Accepted:
        if idempotency_key and (earlier := await self._earlier(buyer_id, idempotency_key)):
            return earlier
        cart = await self._carts.get(buyer_id)
        lines = cart.lines()
        order_id = _order_id(buyer_id, idempotency_key, cart.revision)
        try:
            await self._stock.reserve(order_id, lines, self._terms.reservation_ttl)
        except UnknownCounters as unknown:
            # The counters were just rebuilt from the authority: what is still missing does not exist.
            raise UnknownOffer(unknown.offer_ids) from unknown
        try:
            accepted = await self._orders.accept(
                Checkout(
                    order_id=order_id,
                    buyer_id=buyer_id,
                    lines=lines,
                    payment_method=payment_method,
                    currency=self._terms.currency,
                    commission_basis_points=self._terms.commission_basis_points,
                    expected_total=expected_total,
                )
            )
        except Exception:
            await self._stock.release(order_id)
            raise
        await self._carts.clear(buyer_id, cart.revision)
        return accepted

    async def _earlier(self, buyer_id: str, idempotency_key: str) -> Accepted | None:
        try:
            order = await self._orders.get(_order_id(buyer_id, idempotency_key, ""), buyer_id)
        except OrderNotFound:
            return None
        return Accepted(order_id=order.order_id, total=order.total, replayed=True)


def _order_id(buyer_id: str, idempotency_key: str | None, revision: str) -> str:
    return order_id_for(buyer_id, f"key/{idempotency_key}" if idempotency_key else f"cart/{revision}")
