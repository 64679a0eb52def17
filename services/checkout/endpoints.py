"""The checkout's routes: cart, checkout, orders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import JSONResponse

from commerce.adapters.tracing import annotate
from commerce.cart import Cart
from commerce.catalog import check_on_offer
from commerce.orders import StopReason, WaitsFor
from services.checkout.dependencies import CheckoutDependency, CheckoutService
from services.checkout.schemas import (
    AcceptedBody,
    CartBody,
    CartItemRequest,
    CheckoutRequest,
    OrderBody,
    OrderPageBody,
)
from services.http.edge import Line, OpaqueId, QueryInteger
from services.http.identity import SignedIn

router = APIRouter(tags=["checkout"])

OfferId = Annotated[OpaqueId, Path(max_length=64)]
OrderId = Annotated[OpaqueId, Path(max_length=64)]
Limit = Annotated[QueryInteger, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=128)]
IdempotencyKey = Annotated[
    Line | None,
    Header(
        max_length=255,
        description="The same request with the same key returns the first one's order; another is refused",
    ),
]


@router.get("/cart", summary="The cart at today's prices")
async def read_cart(checkout: CheckoutDependency, caller: SignedIn) -> CartBody:
    return await _priced(checkout, await checkout.carts.get(caller.user_id))


@router.put("/cart/items/{offer_id}", summary="Set the quantity of an offer in the cart")
async def put_cart_item(
    checkout: CheckoutDependency, caller: SignedIn, offer_id: OfferId, body: CartItemRequest
) -> CartBody:
    if body.quantity:
        listings = await checkout.offers.get([offer_id])
        check_on_offer([offer_id], {one: listing.offer for one, listing in listings.items()}, checkout.currency)
    return await _priced(checkout, await checkout.carts.set_item(caller.user_id, offer_id, body.quantity))


@router.delete("/cart", status_code=204, summary="Empty the cart")
async def delete_cart(checkout: CheckoutDependency, caller: SignedIn) -> Response:
    await checkout.carts.clear(caller.user_id)
    return Response(status_code=204)


@router.post(
    "/checkout",
    status_code=202,
    summary="Buy what is in the cart",
    response_description="The order was accepted; its address tells what becomes of it. A repeated request is "
    "answered with its order's present status",
    response_model=AcceptedBody,
)
async def check_out(
    checkout: CheckoutDependency, caller: SignedIn, body: CheckoutRequest, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    accepted = await checkout.acceptance.accept(
        caller.user_id,
        payment_method=body.payment_method,
        expected_total=body.expected_total,
        idempotency_key=idempotency_key,
    )
    annotate(order_id=accepted.order_id)
    # Built by hand: this is the hot path, and a response model would be validated a second time.
    return JSONResponse(
        {
            "order_id": accepted.order_id,
            "status": accepted.status,
            "currency": accepted.total.currency,
            "total": accepted.total.amount,
        },
        status_code=202,
        headers={"location": f"/orders/{accepted.order_id}"},
    )


@router.get("/orders", summary="The buyer's orders, the latest first")
async def list_orders(
    checkout: CheckoutDependency, caller: SignedIn, limit: Limit = 24, cursor: Cursor = None
) -> OrderPageBody:
    return OrderPageBody.of(await checkout.orders.page(limit, cursor, caller.user_id))


@router.get("/orders/{order_id}", summary="What became of an order")
async def read_order(checkout: CheckoutDependency, caller: SignedIn, order_id: OrderId) -> OrderBody:
    return await _order(checkout, caller.user_id, order_id)


@router.post(
    "/orders/{order_id}/authentication", status_code=202, summary="The buyer has answered the bank's challenge"
)
async def authenticated(checkout: CheckoutDependency, caller: SignedIn, order_id: OrderId) -> OrderBody:
    """Only the payment processor says whether the challenge was passed: the order goes on, and asks there first."""
    if await checkout.orders.resume(order_id, WaitsFor.BUYER, caller.user_id):
        checkout.relay.wake()
    return await _order(checkout, caller.user_id, order_id)


@router.post("/orders/{order_id}/cancellation", status_code=202, summary="Cancel an order that is not paid yet")
async def cancel(checkout: CheckoutDependency, caller: SignedIn, order_id: OrderId) -> OrderBody:
    """The order fails as soon as its payment is let go and its stock is back. Refused once its money is being taken."""
    await checkout.orders.stop(order_id, StopReason.CANCELED, caller.user_id)
    checkout.relay.wake()
    return await _order(checkout, caller.user_id, order_id)


async def _order(checkout: CheckoutService, buyer_id: str, order_id: str) -> OrderBody:
    order = await checkout.orders.get(order_id, buyer_id)
    waits = order.waits_for is WaitsFor.BUYER
    return OrderBody.of(order, await checkout.orders.client_secret(order_id, buyer_id) if waits else None)


async def _priced(checkout: CheckoutService, cart: Cart) -> CartBody:
    listings = await checkout.offers.get(list(cart.items)) if cart.items else {}
    return CartBody.of(cart, listings, checkout.currency)
