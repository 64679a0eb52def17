"""`commerce.ports.Orders` in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from commerce import transitions
from commerce.adapters.memory.market import MemoryMarket
from commerce.currencies import check_chargeable
from commerce.events import EventType
from commerce.inventory import SoldOut, check_in_stock, check_lines
from commerce.orders import Accepted, Checkout, Order, OrderNotFound, OrderPage, OrderStatus, WaitsFor, place
from commerce.paging import Position, position
from commerce.paging import cursor as cursor_of
from commerce.transitions import Transition


class MemoryOrders:
    def __init__(self, market: MemoryMarket) -> None:
        self._market = market

    async def accept(self, checkout: Checkout) -> Accepted:
        check_lines(checkout.lines)
        if (earlier := self._market.orders.get(checkout.order_id)) is not None:
            if earlier.buyer_id != checkout.buyer_id:
                raise OrderNotFound(checkout.order_id)
            return Accepted.earlier(earlier)
        if checkout.cart_revision and (bought := await self.of_cart(checkout.buyer_id, checkout.cart_revision)):
            return Accepted.earlier(bought)
        offers = {one: offer for one, offer in self._market.shown.items() if one in checkout.lines}
        names = {seller.seller_id: seller.display_name for seller in self._market.sellers.values()}
        order = place(checkout, offers, names, datetime.now(UTC))
        check_chargeable(order.total)
        check_in_stock(order, offers)
        self._market.save(order)
        self._market.enqueue(order.order_id, 1)
        self._market.record(transitions.order_event(EventType.ORDER_ACCEPTED, order))
        return Accepted(order_id=order.order_id, total=order.total)

    async def get(self, order_id: str, buyer_id: str | None = None) -> Order:
        order = self._market.order(order_id)
        if buyer_id not in (None, order.buyer_id):
            raise OrderNotFound(order_id)
        return order

    async def of_cart(self, buyer_id: str, revision: str) -> Order | None:
        own = [order for order in self._market.orders.values() if order.buyer_id == buyer_id]
        bought = [order for order in own if order.cart_revision == revision and order.status is not OrderStatus.FAILED]
        return bought[0] if bought else None

    async def page(self, limit: int, cursor: str | None = None, buyer_id: str | None = None) -> OrderPage:
        after = position(cursor) if cursor else None
        asked = [order for order in self._market.orders.values() if buyer_id in (None, order.buyer_id)]
        asked.sort(key=_place, reverse=True)
        left = [order for order in asked if after is None or _place(order) < after]
        last = left[limit - 1] if len(left) > limit else None
        return OrderPage(items=tuple(left[:limit]), next_cursor=cursor_of(_place(last)) if last else None)

    async def record_authorization(self, order_id: str, payment_intent_id: str) -> None:
        self._change(order_id, lambda order: transitions.record_authorization(order, payment_intent_id))

    async def confirm_stock(self, order_id: str) -> None:
        self._change(order_id, transitions.confirm_stock)

    async def restore_stock(self, order_id: str) -> None:
        self._change(order_id, transitions.restore_stock)

    async def record_capture(self, order_id: str, charge_id: str, fee: int = 0) -> None:
        self._change(order_id, lambda order: transitions.record_capture(order, charge_id, fee))

    async def record_split(self, order_id: str) -> None:
        self._change(order_id, transitions.record_split)

    async def fail(self, order_id: str, code: str) -> None:
        self._change(order_id, lambda order: transitions.fail(order, code))

    async def wait(self, order_id: str, waits_for: WaitsFor, until: datetime) -> None:
        self._change(order_id, lambda order: transitions.wait(order, waits_for, until))

    async def wait_for_buyer(self, order_id: str, payment_intent_id: str, client_secret: str, until: datetime) -> None:
        self._change(order_id, lambda order: transitions.wait(order, WaitsFor.BUYER, until, payment_intent_id))
        self._market.client_secrets[order_id] = client_secret

    async def client_secret(self, order_id: str, buyer_id: str) -> str | None:
        order = await self.get(order_id, buyer_id)
        return self._market.client_secrets.get(order_id) if order.waits_for is WaitsFor.BUYER else None

    async def resume(self, order_id: str, waits_for: WaitsFor, buyer_id: str | None = None) -> bool:
        return self._change(order_id, lambda order: transitions.resume(order, waits_for), buyer_id)

    async def stop(self, order_id: str, reason: str, buyer_id: str | None = None) -> None:
        self._change(order_id, lambda order: transitions.stop(order, reason), buyer_id)

    async def stop_overdue(self, now: datetime, limit: int = 100) -> tuple[str, ...]:
        waiting = sorted(
            (order.waits_until, order.order_id)
            for order in self._market.orders.values()
            if order.waits_for is not None and order.waits_until is not None and order.waits_until <= now
        )[:limit]
        return tuple(
            order_id
            for _, order_id in waiting
            if self._change(order_id, lambda order: transitions.stop_overdue(order, now))
        )

    async def mark_fulfilled(self, order_id: str, now: datetime, return_window: timedelta) -> None:
        self._change(order_id, lambda order: transitions.mark_fulfilled(order, now, return_window))

    def _change(self, order_id: str, decide: Callable[[Order], Transition | None], buyer_id: str | None = None) -> bool:
        return change_order(self._market, order_id, decide, buyer_id)


def change_order(
    market: MemoryMarket, order_id: str, decide: Callable[[Order], Transition | None], buyer_id: str | None = None
) -> bool:
    """Ask, store; whether there was something to store."""
    order = market.order(order_id)
    if buyer_id not in (None, order.buyer_id):
        raise OrderNotFound(order_id)
    transition = decide(order)
    if transition is None:
        return False
    stock = {offer_id: market.offers[offer_id].stock + units for offer_id, units in transition.stock.items()}
    if short := [offer_id for offer_id, units in stock.items() if units < 0]:
        raise SoldOut(short)
    for offer_id, units in stock.items():
        market.offers[offer_id] = replace(market.offers[offer_id], stock=units)
    if transition.posts is not None:
        market.post(transition.posts)
    market.save(transition.order)
    market.record(*transition.events)
    if transition.dispatch:
        market.enqueue_resumed(order_id)
    return True


def _place(order: Order) -> Position:
    return order.accepted_at, order.order_id
