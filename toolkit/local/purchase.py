"""A buyer's visit over HTTP, through the gateway, as a browser would make it.

Two demo sellers offer something, a buyer signs in, browses, puts items of both into the cart, checks out and follows
the order. Nobody uses anything that a customer has not: the tokens come from the user pool, all else from the API.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from toolkit.errors import ToolkitError
from toolkit.local.receipt import Receipt

FULFILLED_WITHIN_SECONDS = 30.0
POLL_SECONDS = 0.05
PASSWORD: Final = "Demo-Passw0rd!-on-this-machine"  # noqa: S105 - of the demo users of an emulator on loopback
ENDED: Final = frozenset({"fulfilled", "failed"})
VISA: Final = "pm_card_visa"


@dataclass(frozen=True, kw_only=True)
class Offering:
    """One product as its demo seller offers it."""

    product_id: str
    title: str
    description: str
    unit_price: int
    """Minor units."""
    stock: int


@dataclass(frozen=True, kw_only=True)
class DemoSeller:
    """A seller of the demonstration."""

    email: str
    display_name: str
    offerings: Sequence[Offering]


SELLERS: Final = (
    DemoSeller(
        email="ada@sellers.example",
        display_name="Ada's Instruments",
        offerings=(
            Offering(
                product_id="brass-sextant",
                title="Brass sextant",
                description="Finds your latitude on any clear noon.",
                unit_price=12_900,
                stock=1_000,
            ),
            Offering(
                product_id="pocket-barometer",
                title="Pocket barometer",
                description="Tells tomorrow's weather.",
                unit_price=4_995,
                stock=1_000,
            ),
        ),
    ),
    DemoSeller(
        email="grace@sellers.example",
        display_name="Grace Paper & Ink",
        offerings=(
            Offering(
                product_id="logbook",
                title="Bound logbook",
                description="Two hundred pages, for bugs of every kind.",
                unit_price=2_450,
                stock=1_000,
            ),
        ),
    ),
)
BUYER: Final = "buyer@customers.example"
SELLER_GROUP: Final = "seller"


@dataclass(frozen=True, kw_only=True)
class UserPool:
    """Where people sign in."""

    id: str
    client_id: str


class Visitor:
    """Somebody with a browser and, once signed in, a token."""

    def __init__(self, gateway_url: str, token: str | None = None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=gateway_url, headers=headers, timeout=30.0, trust_env=False)

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **parameters: str) -> Any:
        """The JSON of a page; a refusal is a `ToolkitError` with the problem's own words."""
        return self._answer(self._http.get(path, params=parameters))

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._answer(self._http.put(path, json=body))

    def post(self, path: str, body: Mapping[str, Any], **headers: str) -> Any:
        return self._answer(self._http.post(path, json=body, headers=headers))

    def delete(self, path: str) -> None:
        self._answer(self._http.delete(path))

    @staticmethod
    def _answer(response: httpx.Response) -> Any:
        if response.is_success:
            return response.json() if response.content else None
        request = response.request
        raise ToolkitError(
            f"{request.method} {request.url.path} was answered {response.status_code}: {response.text[:500]}",
            next_step="see `marketplace logs` of the gateway and of the service behind it",
        )


def sign_in(cognito: Any, pool: UserPool, email: str, *, group: str | None = None) -> str:
    """A real token for a demo user, who is signed up first where the pool does not know them.

    `cognito` is a boto3 client: signing up and in by an administrator is what a test user needs no mailbox for.
    """
    try:
        cognito.admin_get_user(UserPoolId=pool.id, Username=email)
    except cognito.exceptions.UserNotFoundException:
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        cognito.admin_create_user(
            UserPoolId=pool.id, Username=email, UserAttributes=attributes, MessageAction="SUPPRESS"
        )
        cognito.admin_set_user_password(UserPoolId=pool.id, Username=email, Password=PASSWORD, Permanent=True)
    if group is not None:
        cognito.admin_add_user_to_group(UserPoolId=pool.id, Username=email, GroupName=group)
    answer = cognito.admin_initiate_auth(
        UserPoolId=pool.id,
        ClientId=pool.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
    )
    return str(answer["AuthenticationResult"]["IdToken"])


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


def buy(
    cognito: Any,
    pool: UserPool,
    gateway_url: str,
    *,
    email: str = BUYER,
    payment_method: str = VISA,
    tell: Callable[[str], None] = lambda what: None,
) -> Receipt:
    """One purchase from two sellers, followed until it is fulfilled or failed."""
    with Visitor(gateway_url, sign_in(cognito, pool, email)) as visitor:
        tell(f"signed in as {email}")
        offers = _one_of_each_seller(_browse(visitor))
        if len(offers) < 2:
            raise ToolkitError(
                f"there are offers of {len(offers)} sellers in stock, a purchase needs two",
                next_step="start again with fresh stock: `marketplace down --purge`, then `marketplace up`",
            )
        visitor.delete("/cart")
        for quantity, offer in enumerate(offers, start=1):
            visitor.put(f"/cart/items/{offer['offer_id']}", {"quantity": quantity})
        tell(f"put items of {len(offers)} sellers in the cart")
        accepted = visitor.post(
            "/checkout", {"payment_method": payment_method}, **{"Idempotency-Key": str(uuid.uuid4())}
        )
        tell(f"order {accepted['order_id']} accepted")
        return follow(visitor, accepted["order_id"], tell=tell)


def follow(visitor: Visitor, order_id: str, *, tell: Callable[[str], None] = lambda what: None) -> Receipt:
    """Looks at the order again and again until it is fulfilled or failed."""
    deadline = time.monotonic() + FULFILLED_WITHIN_SECONDS
    seen = ""
    while True:
        receipt = Receipt.model_validate(visitor.get(f"/orders/{order_id}"))
        if receipt.status != seen:
            seen = receipt.status
            tell(seen)
        if receipt.status in ENDED:
            return receipt
        if time.monotonic() > deadline:
            raise ToolkitError(
                f"order {order_id} is still {receipt.status} after {FULFILLED_WITHIN_SECONDS:.0f} seconds",
                next_step="read `marketplace logs checkout-saga` and `marketplace logs order-processor`",
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
    return list(chosen.values())[:2]
