"""The checkout's routes: cart, checkout, orders."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Response
from fastapi.responses import JSONResponse

from commerce.cart import Cart
from commerce.catalog import check_on_offer
from services.checkout.dependencies import CheckoutDependency, CheckoutService
from services.checkout.schemas import (
    AcceptedBody,
    CartBody,
    CartItemRequest,
    CheckoutRequest,
    OrderBody,
    OrderListBody,
)
from services.http.edge import Line, OpaqueId
from services.http.identity import SignedIn

router = APIRouter(tags=["checkout"])

OfferId = Annotated[OpaqueId, Path(max_length=64)]
OrderId = Annotated[OpaqueId, Path(max_length=64)]
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


@router.get("/orders", summary="The buyer's latest orders")
async def list_orders(checkout: CheckoutDependency, caller: SignedIn) -> OrderListBody:
    return OrderListBody(items=[OrderBody.of(order) for order in await checkout.orders.of_buyer(caller.user_id)])


@router.get("/orders/{order_id}", summary="What became of an order")
async def read_order(checkout: CheckoutDependency, caller: SignedIn, order_id: OrderId) -> OrderBody:
    return OrderBody.of(await checkout.orders.get(order_id, caller.user_id))


async def _priced(checkout: CheckoutService, cart: Cart) -> CartBody:
    listings = await checkout.offers.get(list(cart.items)) if cart.items else {}
    return CartBody.of(cart, listings, checkout.currency)
