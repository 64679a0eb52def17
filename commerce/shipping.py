"""A seller's part of an order as the seller sees it, and its way to the buyer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from commerce.events import DomainEvent, EventType
from commerce.orders import IllegalTransition, OrderLine, OrderStatus, SellerOrder, SellerOrderState
from commerce.payouts import held_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    carrier: str
    tracking: str
    shipped_at: datetime
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """One seller's part of an order: its own lines and share, and nothing of the other sellers."""

    order_id: str
    status: OrderStatus
    placed_at: datetime
    share: SellerOrder
    lines: tuple[OrderLine, ...]
    shipment: Shipment | None = None
    on_hold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SalePage:
    """`next_cursor` is opaque, null on the last page."""

    items: tuple[Sale, ...]
    next_cursor: str | None


_PAID = (SellerOrderState.HELD, SellerOrderState.RELEASED)


def ship(sale: Sale, carrier: str, tracking: str, now: datetime) -> Sale | None:
    """The sale with its shipment; None when it says so already. Carrier and tracking may be corrected until delivery.

    Raises IllegalTransition for what is not paid, canceled, refunded or delivered.
    """
    shipment = sale.shipment
    if shipment is not None and (shipment.carrier, shipment.tracking) == (carrier, tracking):
        return None
    _must_be_paid(sale, "shipping")
    if shipment is None:
        return replace(sale, shipment=Shipment(carrier=carrier, tracking=tracking, shipped_at=now))
    if shipment.delivered_at is not None:
        raise IllegalTransition(sale.order_id, "shipping", "delivered")
    return replace(sale, shipment=replace(shipment, carrier=carrier, tracking=tracking))


def deliver(sale: Sale, now: datetime, return_window: timedelta) -> Sale | None:
    """The sale as delivered: the return window opens, and the share is held until it closes. None when it was before.

    A share that was released meanwhile, because nobody reported its delivery for long, stays so. Raises
    IllegalTransition for what was not shipped.
    """
    if sale.shipment is None:
        _must_be_paid(sale, "delivery")
        raise IllegalTransition(sale.order_id, "delivery", "not shipped yet")
    if sale.shipment.delivered_at is not None:
        return None
    share = sale.share
    if share.state is SellerOrderState.HELD:
        share = replace(share, held_until=held_until(now, return_window))
    return replace(sale, share=share, shipment=replace(sale.shipment, delivered_at=now))


def news(before: Sale, after: Sale) -> DomainEvent | None:
    """What to tell of a change; None for a corrected tracking number."""
    shipment, seller = after.shipment, {"seller_id": after.share.seller_id}
    if shipment is None:
        return None
    if before.shipment is None:
        told = seller | {"carrier": shipment.carrier, "tracking": shipment.tracking}
        return DomainEvent(type=EventType.SALE_SHIPPED, subject_id=after.order_id, data=told)
    if shipment.delivered_at is not None and before.shipment.delivered_at is None:
        until = after.share.held_until
        told = seller | {"held_until": until.isoformat() if until else ""}
        return DomainEvent(type=EventType.SALE_DELIVERED, subject_id=after.order_id, data=told)
    return None


def _must_be_paid(sale: Sale, operation: str) -> None:
    if sale.status is not OrderStatus.FULFILLED:
        raise IllegalTransition(sale.order_id, operation, sale.status)
    if sale.share.state not in _PAID:
        raise IllegalTransition(sale.order_id, operation, sale.share.state)
