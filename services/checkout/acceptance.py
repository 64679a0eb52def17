"""The accept path: from a cart to an accepted order, fast. Everything slow is the saga's work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from commerce.catalog import UnknownOffer
from commerce.inventory import SoldOut, UnknownCounters
from commerce.orders import Accepted, Checkout, Order, OrderNotFound, OrderStatus, order_id_for
from commerce.ports import Carts, Orders
from commerce.stock_keeping import StockKeeper
from services.checkout.relay import Relay


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What the marketplace charges and how long a reservation lasts while its order is being accepted and paid."""

    currency: str
    commission_basis_points: int
    reservation_ttl: timedelta


class Acceptance:
    """Reserves a buyer's cart and writes the order, or does neither.

    The order id follows from the buyer and the request's idempotency key, or else from the revision of the cart and
    the payment method: a repeated request and a double click find the order that the first one made. The same cart
    under another key does so too, unless its order has failed: then another key or card makes a new one.
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
            return await self._replayed(earlier)
        cart = await self._carts.get(buyer_id)
        lines = cart.lines()
        order_id = order_id_for(buyer_id, _key(idempotency_key) or f"cart/{cart.revision}/{payment_method}")
        try:
            await self._stock.reserve(order_id, lines, self._terms.reservation_ttl)
        except SoldOut:
            # To this very cart, perhaps, in a request that died before it could empty the cart.
            if bought := await self._orders.of_cart(buyer_id, cart.revision):
                return await self._replayed(bought)
            raise
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
                    cart_revision=cart.revision,
                )
            )
        except Exception:
            await self._stock.release(order_id)
            raise
        if accepted.order_id != order_id or accepted.status is OrderStatus.FAILED:
            await self._stock.release(order_id)
        if accepted.status is not OrderStatus.FAILED:
            await self._carts.clear(buyer_id, cart.revision)
        return accepted

    async def _earlier(self, buyer_id: str, idempotency_key: str) -> Order | None:
        try:
            return await self._orders.get(order_id_for(buyer_id, _key(idempotency_key)), buyer_id)
        except OrderNotFound:
            return None

    async def _replayed(self, order: Order) -> Accepted:
        """The answer of the first request, which may have died before it emptied the cart. A cart whose order failed
        is left: the buyer may try it again."""
        if order.cart_revision and order.status is not OrderStatus.FAILED:
            await self._carts.clear(order.buyer_id, order.cart_revision)
        return Accepted.earlier(order)


def _key(idempotency_key: str | None) -> str:
    return f"key/{idempotency_key}" if idempotency_key else ""
