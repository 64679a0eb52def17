"""What the checkout service sends and receives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pydantic import BaseModel, Field

from commerce.cart import MAXIMUM_LINES, MAXIMUM_QUANTITY, Cart
from commerce.catalog import MAXIMUM_UNIT_PRICE, Listing
from commerce.money import total
from commerce.orders import Order, OrderLine, OrderPage, SellerOrder
from services.http.edge import Body, OpaqueId
from services.http.money import MoneyBody

MAXIMUM_TOTAL = MAXIMUM_LINES * MAXIMUM_QUANTITY * MAXIMUM_UNIT_PRICE


class CartItemRequest(Body):
    """The quantity wanted of an offer; 0 removes it."""

    quantity: int = Field(ge=0, le=MAXIMUM_QUANTITY)


class CheckoutRequest(Body):
    """`expected_total`, in minor units, is the total that the buyer saw; another total is refused."""

    payment_method: OpaqueId = Field(max_length=255)
    expected_total: int | None = Field(default=None, ge=1, le=MAXIMUM_TOTAL)


class CartItemBody(BaseModel):
    """An offer in the cart at today's price. One in another currency than the cart's total is not `available` and not
    part of the total."""

    offer_id: str
    title: str
    seller_id: str
    seller_name: str
    quantity: int
    unit_price: MoneyBody
    available: bool


class CartBody(BaseModel):
    """The cart. `withdrawn` are the offers in it that no longer exist; they are not part of the total."""

    items: list[CartItemBody]
    withdrawn: list[str]
    total: MoneyBody

    @classmethod
    def of(cls, cart: Cart, listings: Mapping[str, Listing], currency: str) -> CartBody:
        found = [(listings[offer_id], quantity) for offer_id, quantity in cart.items.items() if offer_id in listings]
        sold = [listing for listing, _ in found if listing.offer.unit_price.currency == currency]
        prices = (listing.offer.unit_price * quantity for listing, quantity in found if listing in sold)
        return cls(
            items=[
                CartItemBody(
                    offer_id=listing.offer.offer_id,
                    title=listing.offer.title,
                    seller_id=listing.offer.seller_id,
                    seller_name=listing.seller_name,
                    quantity=quantity,
                    unit_price=MoneyBody.of(listing.offer.unit_price),
                    available=listing.available >= quantity and listing in sold,
                )
                for listing, quantity in found
            ],
            withdrawn=[offer_id for offer_id in cart.items if offer_id not in listings],
            total=MoneyBody.of(total(prices, currency)),
        )


class AcceptedBody(BaseModel):
    """An accepted order; the payment follows. `status` is further on when the request repeats an earlier one. `total`
    is in minor units of `currency`."""

    order_id: str
    status: str
    currency: str
    total: int


class OrderLineBody(BaseModel):
    """What was bought, at the price it was bought for."""

    offer_id: str
    title: str
    quantity: int
    unit_price: MoneyBody
    seller_id: str

    @classmethod
    def of(cls, line: OrderLine) -> OrderLineBody:
        return cls(
            offer_id=line.offer_id,
            title=line.title,
            quantity=line.quantity,
            unit_price=MoneyBody.of(line.unit_price),
            seller_id=line.seller_id,
        )


class SellerShareBody(BaseModel):
    """One seller's part of the order, in minor units. `held_until` is null until the order is fulfilled."""

    seller_id: str
    seller_name: str
    gross: int
    commission: int
    net: int
    state: str
    held_until: datetime | None

    @classmethod
    def of(cls, share: SellerOrder) -> SellerShareBody:
        return cls(
            seller_id=share.seller_id,
            seller_name=share.seller_name,
            gross=share.gross.amount,
            commission=share.commission.amount,
            net=share.net.amount,
            state=share.state,
            held_until=share.held_until,
        )


class OrderBody(BaseModel):
    """An order and what became of it. `failure` says why it failed, and is null otherwise.

    `waits_for` is "buyer" when the bank asks the buyer to authenticate the payment, until `waits_until`: hand
    `client_secret` to Stripe's own library (`handleNextAction`), then post to the order's `authentication`. An order
    that is `stopping` fails as soon as what was done for it is undone.
    """

    order_id: str
    status: str
    currency: str
    total: int
    failure: str | None
    waits_for: str | None
    waits_until: datetime | None
    client_secret: str | None
    stopping: bool
    lines: list[OrderLineBody]
    sellers: list[SellerShareBody]

    @classmethod
    def of(cls, order: Order, client_secret: str | None = None) -> OrderBody:
        return cls(
            order_id=order.order_id,
            status=order.status,
            currency=order.total.currency,
            total=order.total.amount,
            failure=order.failure,
            waits_for=order.waits_for,
            waits_until=order.waits_until if order.waits_for else None,
            client_secret=client_secret,
            stopping=order.stop_reason is not None and not order.status.terminal,
            lines=[OrderLineBody.of(line) for line in order.lines],
            sellers=[SellerShareBody.of(share) for share in order.sellers],
        )


class OrderPageBody(BaseModel):
    """The buyer's orders, the latest first. `next_cursor` is null on the last page."""

    items: list[OrderBody]
    next_cursor: str | None

    @classmethod
    def of(cls, page: OrderPage) -> OrderPageBody:
        return cls(items=[OrderBody.of(order) for order in page.items], next_cursor=page.next_cursor)
