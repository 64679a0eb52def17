"""The accept path: from a cart to an accepted order, fast. Everything slow is the saga's work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from commerce.cart import Cart, remembers
from commerce.catalog import NotOnOffer
from commerce.errors import MarketplaceError
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Purchase:
    """A request to buy the cart with this payment method, at this total if given."""

    buyer_id: str
    payment_method: str
    expected_total: int | None
    idempotency_key: str | None

    def order_id(self, cart_revision: str = "") -> str:
        """The order's id: from the idempotency key, else from the cart and the payment method."""
        key = self.idempotency_key
        return order_id_for(self.buyer_id, f"key/{key}" if key else f"cart/{cart_revision}/{self.payment_method}")

    def matches(self, order: Order) -> bool:
        """Whether the order is of this card and total. Its lines are compared with the cart's."""
        return self.payment_method == order.payment_method and self.expected_total in (None, order.total.amount)


class IdempotencyKeyReused(MarketplaceError):
    """The key was used for an order, and this request asks for something else. Nothing was bought."""

    status = 422
    code = "idempotency-key-reused"
    title = "The idempotency key belongs to another request"

    def __init__(self, order_id: str) -> None:
        super().__init__(
            f"This key was used for order {order_id}, with another cart, payment method or total. Look at that order; "
            "to buy what is in the cart now, use a new key.",
            order_id=order_id,
        )
        self.order_id = order_id


class Acceptance:
    """Reserves a buyer's cart and writes the order, or does neither.

    The order id follows from the buyer and the request's idempotency key, or else from the revision of the cart and
    the payment method: a repeated request and a double click find the order that the first one made, also once it has
    emptied the cart. The same cart under another key does so too, unless its order has failed: then another key or
    card makes a new one. A key that comes back with another cart, card or total is refused.
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
        """Raises EmptyCart, NotOnOffer, SoldOut, PriceChanged, AmountNotChargeable or IdempotencyKeyReused: then
        nothing is held, and the cart is as it was."""
        purchase = Purchase(
            buyer_id=buyer_id,
            payment_method=payment_method,
            expected_total=expected_total,
            idempotency_key=idempotency_key,
        )
        with self._relay.buyer_waits():
            accepted = await self._accept(purchase)
        self._relay.wake()
        return accepted

    async def _accept(self, purchase: Purchase) -> Accepted:
        if purchase.idempotency_key and (earlier := await self._known(purchase.order_id(), purchase)):
            return await self._repeated(earlier, purchase)
        cart = await self._carts.get(purchase.buyer_id)
        if cart.ordered and (clicked := await self._known(cart.ordered, purchase)) and purchase.matches(clicked):
            return Accepted.earlier(clicked)
        lines, order_id = cart.lines(), purchase.order_id(cart.revision)
        try:
            await self._stock.reserve(order_id, lines, self._terms.reservation_ttl)
        except SoldOut:
            # Perhaps to an earlier request for this cart, which failed before it emptied the cart.
            if bought := await self._orders.of_cart(purchase.buyer_id, cart.revision):
                await self._take(bought)
                return Accepted.earlier(bought)
            raise
        except UnknownCounters as unknown:
            # The counters were just rebuilt from the authority: what is still missing does not exist.
            raise NotOnOffer(unknown.offer_ids, self._terms.currency) from unknown
        try:
            accepted = await self._orders.accept(
                Checkout(
                    order_id=order_id,
                    buyer_id=purchase.buyer_id,
                    lines=lines,
                    payment_method=purchase.payment_method,
                    currency=self._terms.currency,
                    commission_basis_points=self._terms.commission_basis_points,
                    expected_total=purchase.expected_total,
                    cart_revision=cart.revision,
                )
            )
        except SoldOut as sold_out:
            # The gate's counter was too high. Correct it, before the next buyer meets it.
            await self._stock.release(order_id)
            await self._stock.reconcile(sold_out.offer_ids)
            raise
        except Exception:
            await self._stock.release(order_id)
            raise
        if accepted.order_id != order_id or accepted.status is OrderStatus.FAILED:
            await self._stock.release(order_id)
        if accepted.replayed:
            return await self._replayed(accepted.order_id, purchase)
        await self._carts.take(purchase.buyer_id, order_id, lines)
        return accepted

    async def _known(self, order_id: str, purchase: Purchase) -> Order | None:
        try:
            return await self._orders.get(order_id, purchase.buyer_id)
        except OrderNotFound:
            return None

    async def _replayed(self, order_id: str, purchase: Purchase) -> Accepted:
        order = await self._orders.get(order_id, purchase.buyer_id)
        if purchase.idempotency_key and order_id == purchase.order_id():
            return await self._repeated(order, purchase)
        await self._take(order)
        return Accepted.earlier(order)

    async def _repeated(self, order: Order, purchase: Purchase) -> Accepted:
        """The answer of the request that made the order, if this is the same: the same card and total, and a cart that
        is empty by now or holds the same lines."""
        cart = await self._take(order)
        if not purchase.matches(order) or (cart.items and cart.items != order.quantities):
            raise IdempotencyKeyReused(order.order_id)
        return Accepted.earlier(order)

    async def _take(self, order: Order) -> Cart:
        """Take the order's lines out of the cart, in case the request that made it failed before it did so. The cart of
        a failed order is left as it is: the buyer may try again."""
        if order.status is OrderStatus.FAILED or not remembers(order.accepted_at, datetime.now(UTC)):
            return await self._carts.get(order.buyer_id)
        return await self._carts.take(order.buyer_id, order.order_id, order.quantities)
