"""`commerce.ports.Orders` in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from commerce.adapters.memory.market import MemoryMarket
from commerce.catalog import UnknownOffer
from commerce.inventory import SoldOut, check_lines
from commerce.ledger import capture_transaction
from commerce.money import total
from commerce.orders import (
    Accepted,
    Checkout,
    IllegalTransition,
    Order,
    OrderLine,
    OrderNotFound,
    OrderStatus,
    PriceChanged,
    SellerOrderState,
    StockState,
    must_advance,
    must_fail,
    must_restore,
    seller_orders,
)
from commerce.payouts import held_until


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
        order = self._priced(checkout)
        if checkout.expected_total not in (None, order.total.amount):
            raise PriceChanged(checkout.expected_total or 0, order.total.amount)
        self._market.save(order)
        self._market.enqueue(order.order_id, 1)
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

    async def of_buyer(self, buyer_id: str, limit: int = 50) -> tuple[Order, ...]:
        own = [order for order in self._market.orders.values() if order.buyer_id == buyer_id]
        return tuple(sorted(own, key=lambda order: order.accepted_at, reverse=True)[:limit])

    async def record_authorisation(self, order_id: str, payment_intent_id: str) -> None:
        order = self._market.order(order_id)
        if must_advance(order_id, order.status, OrderStatus.AUTHORISED):
            self._market.save(replace(order, status=OrderStatus.AUTHORISED, payment_intent_id=payment_intent_id))
        elif order.payment_intent_id != payment_intent_id:
            raise IllegalTransition(order_id, "a second authorisation", order.status)

    async def confirm_stock(self, order_id: str) -> None:
        order = self._market.order(order_id)
        if order.stock is StockState.RESTORED:
            raise IllegalTransition(order_id, "confirming its stock", "giving its stock back")
        if must_advance(order_id, order.status, OrderStatus.CONFIRMED):
            offers = self._market.offers
            if short := [line.offer_id for line in order.lines if offers[line.offer_id].stock < line.quantity]:
                raise SoldOut(short)
            self._move_stock(order, -1)
            self._market.save(replace(order, status=OrderStatus.CONFIRMED, stock=StockState.CONFIRMED))

    async def restore_stock(self, order_id: str) -> None:
        self._restore(self._market.order(order_id))

    async def record_capture(self, order_id: str, charge_id: str) -> None:
        order = self._market.order(order_id)
        if order.stock is StockState.RESTORED:
            raise IllegalTransition(order_id, "capturing", "giving its stock back")
        if must_advance(order_id, order.status, OrderStatus.CAPTURED):
            self._market.save(replace(order, status=OrderStatus.CAPTURED, charge_id=charge_id))
        elif order.charge_id != charge_id:
            raise IllegalTransition(order_id, "a second capture", order.status)

    async def record_split(self, order_id: str) -> None:
        order = self._market.order(order_id)
        if must_advance(order_id, order.status, OrderStatus.FULFILLED):
            self._market.post(capture_transaction(order))
            self._market.save(_with_shares(order, SellerOrderState.HELD))

    async def fail(self, order_id: str, code: str) -> None:
        order = self._market.order(order_id)
        if must_fail(order_id, order.status):
            restored = _with_shares(self._restore(order), SellerOrderState.CANCELLED)
            self._market.save(replace(restored, status=OrderStatus.FAILED, failure=code))

    async def mark_fulfilled(self, order_id: str, now: datetime, return_window: timedelta) -> None:
        order = self._market.order(order_id)
        if must_advance(order_id, order.status, OrderStatus.FULFILLED):
            if order.awaits_split:
                raise IllegalTransition(order_id, "fulfilling", "not split between its sellers yet")
            until = held_until(now, return_window)
            shares = tuple(replace(share, held_until=until) for share in order.sellers)
            self._market.save(replace(order, status=OrderStatus.FULFILLED, sellers=shares))

    def _priced(self, checkout: Checkout) -> Order:
        offers = {
            offer_id: offer
            for offer_id in sorted(checkout.lines)
            if (offer := self._market.offers.get(offer_id)) is not None
            and offer.unit_price.currency == checkout.currency
        }
        if unknown := sorted(set(checkout.lines) - set(offers)):
            raise UnknownOffer(tuple(unknown), f"Not on offer in {checkout.currency}: {', '.join(unknown)}.")
        lines = tuple(
            OrderLine(
                offer_id=offer.offer_id,
                product_id=offer.product_id,
                seller_id=offer.seller_id,
                title=offer.title,
                quantity=checkout.lines[offer.offer_id],
                unit_price=offer.unit_price,
            )
            for offer in offers.values()
        )
        names = {seller.seller_id: seller.display_name for seller in self._market.sellers.values()}
        return Order(
            order_id=checkout.order_id,
            buyer_id=checkout.buyer_id,
            status=OrderStatus.ACCEPTED,
            total=total((line.subtotal for line in lines), checkout.currency),
            payment_method=checkout.payment_method,
            lines=lines,
            sellers=seller_orders(lines, names, checkout.commission_basis_points),
            accepted_at=datetime.now(UTC),
            cart_revision=checkout.cart_revision,
        )

    def _restore(self, order: Order) -> Order:
        if not must_restore(order.order_id, order.status, order.stock):
            return order
        if order.stock is StockState.CONFIRMED:
            self._move_stock(order, 1)
        restored = replace(order, stock=StockState.RESTORED)
        self._market.save(restored)
        return restored

    def _move_stock(self, order: Order, sign: int) -> None:
        for line in order.lines:
            offer = self._market.offers[line.offer_id]
            self._market.offers[line.offer_id] = replace(offer, stock=offer.stock + sign * line.quantity)


def _with_shares(order: Order, state: SellerOrderState) -> Order:
    return replace(order, sellers=tuple(replace(share, state=state) for share in order.sellers))
