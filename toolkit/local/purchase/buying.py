"""A buyer's visit over HTTP, through the gateway, as a browser would make it.

Two demo sellers offer something, a buyer signs in, browses, puts items of both into the cart, checks out and follows
the order. It uses only what a customer has: the tokens come from the user pool, everything else from the API.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from toolkit.errors import ToolkitError
from toolkit.local.purchase.demo_sellers import SELLERS, DemoSeller
from toolkit.local.purchase.receipt import Receipt
from toolkit.local.purchase.visitor import UserPool, Visitor, sign_in

FULFILLED_WITHIN_SECONDS = 30.0
INDEXED_WITHIN_SECONDS = 30.0
POLL_SECONDS = 0.05
SELLERS_OF_A_PURCHASE: Final = 2
ENDED: Final = frozenset({"fulfilled", "failed"})
VISA: Final = "pm_card_visa"
BUYER: Final = "buyer@customers.example"
"""The demo buyer, for whoever buys by hand."""
SELLER_GROUP: Final = "seller"


def stock_shelves(cognito: Any, pool: UserPool, gateway_url: str, sellers: Sequence[DemoSeller] = SELLERS) -> None:
    """The demo sellers list what is not listed yet."""
    with Visitor(gateway_url) as visitor:
        listed = {(item["product_id"], offer["seller_name"]) for item in _browse(visitor) for offer in item["offers"]}
    for seller in sellers:
        missing = [item for item in seller.offerings if (item.product_id, seller.display_name) not in listed]
        if not missing:
            continue
        with Visitor(gateway_url, sign_in(cognito, pool, seller.email, group=SELLER_GROUP)) as visitor:
            visitor.put("/catalog/sellers/me", {"display_name": seller.display_name})
            for item in missing:
                visitor.put(
                    f"/catalog/products/{item.product_id}", {"title": item.title, "description": item.description}
                )
                visitor.put(
                    f"/catalog/products/{item.product_id}/offer", {"unit_price": item.unit_price, "stock": item.stock}
                )


def welcome(cognito: Any, pool: UserPool) -> None:
    """The demo buyer is signed up, if they are not yet."""
    sign_in(cognito, pool, BUYER)


def buy(cognito: Any, pool: UserPool, gateway_url: str) -> Receipt:
    """One purchase from two sellers, followed until it is fulfilled or failed.

    Its buyer is a new one. The demo buyer may have tried many cards or bought often today, which looks like fraud: the
    order would wait for a review, or fail, and with it the whole `marketplace up`.
    """
    newcomer = f"newcomer-{uuid.uuid4().hex[:12]}@customers.example"
    with Visitor(gateway_url, sign_in(cognito, pool, newcomer)) as visitor:
        offers = _search(visitor)
        visitor.delete("/cart")
        for quantity, offer in enumerate(offers, start=1):
            visitor.put(f"/cart/items/{offer['offer_id']}", {"quantity": quantity})
        accepted = visitor.post("/checkout", {"payment_method": VISA}, **{"Idempotency-Key": str(uuid.uuid4())})
        return follow(visitor, accepted["order_id"])


def follow(visitor: Visitor, order_id: str) -> Receipt:
    """Reads the order again and again until it is fulfilled or failed."""
    deadline = time.monotonic() + FULFILLED_WITHIN_SECONDS
    while True:
        receipt = Receipt.model_validate(visitor.get(f"/orders/{order_id}"))
        if receipt.status in ENDED:
            return receipt
        if time.monotonic() > deadline:
            waits = f" and waits for its {receipt.waits_for}" if receipt.waits_for else ""
            raise ToolkitError(
                f"order {order_id} is still {receipt.status}{waits} after {FULFILLED_WITHIN_SECONDS:.0f} seconds",
                next_step="read `marketplace logs checkout-saga` and `marketplace logs order-processor`",
            )
        time.sleep(POLL_SECONDS)


def _search(visitor: Visitor) -> list[Mapping[str, Any]]:
    """Offers in stock of two sellers, found as a buyer finds them: what was listed a moment ago is indexed by then."""
    deadline = time.monotonic() + INDEXED_WITHIN_SECONDS
    while True:
        found = visitor.get("/search", available="true", limit="100") if visitor.answers("/search") else {"items": []}
        offers = _one_of_each_seller(found["items"])
        if len(offers) == SELLERS_OF_A_PURCHASE:
            return offers
        if time.monotonic() > deadline:
            raise ToolkitError(
                f"search found offers of {len(offers)} sellers in stock, a purchase needs {SELLERS_OF_A_PURCHASE}",
                next_step="read `marketplace logs inventory-sync`; if all is sold out, start again with fresh stock: "
                "`marketplace down --purge`, then `marketplace up`",
            )
        time.sleep(POLL_SECONDS)


def _browse(visitor: Visitor) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = visitor.get("/catalog/products", **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        cursor = page["next_cursor"]
    return items


def _one_of_each_seller(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One available offer of each of two sellers."""
    chosen: dict[str, Mapping[str, Any]] = {}
    for item in items:
        for offer in item["offers"]:
            if offer["available"]:
                chosen.setdefault(offer["seller_id"], offer)
    return list(chosen.values())[:SELLERS_OF_A_PURCHASE]
