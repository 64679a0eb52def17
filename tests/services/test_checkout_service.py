"""The checkout service on real PostgreSQL and Redis: cart, acceptance, orders."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
import redis.exceptions
from pydantic import ValidationError
from redis.asyncio import Redis

from commerce.adapters.postgres import PostgresOrders
from commerce.orders import Accepted, Checkout, OrderStatus
from services.checkout.settings import CheckoutSettings
from tests.services.conftest import CARD, Shop, put_in_cart


async def test_a_cart_shows_todays_prices_of_several_sellers(shop: Shop) -> None:
    mug = await shop.stock("mug", 5, price=1250)
    lamp = await shop.stock("lamp", 1, price=4000, seller_id="lights")
    async with shop.visit() as client:
        await put_in_cart(client, mug, 2)
        cart = (await put_in_cart(client, lamp, 3)).json()
        assert cart["total"] == {"amount": 2 * 1250 + 3 * 4000, "currency": "usd"}
        assert {item["offer_id"]: (item["seller_name"], item["available"]) for item in cart["items"]} == {
            mug: ("Seller", True),
            lamp: ("Lights", False),
        }
        await shop.stock("mug", 5, price=1300)
        await put_in_cart(client, lamp, 0)
        assert (await client.get("/cart")).json()["total"]["amount"] == 2600
        assert (await client.delete("/cart")).status_code == 204
        assert (await client.get("/cart")).json()["items"] == []


@pytest.mark.parametrize("offer_id", ["%00", "a%20b", "%F0%9F%92%A3", "x" * 65])
async def test_an_offer_id_that_nobody_could_have_is_refused(shop: Shop, offer_id: str) -> None:
    async with shop.visit() as client:
        assert (await put_in_cart(client, offer_id)).status_code == 422


async def test_an_offer_that_does_not_exist_cannot_be_put_into_a_cart(shop: Shop) -> None:
    async with shop.visit() as client:
        response = await put_in_cart(client, "nothing")
        assert response.status_code == 404
        assert response.json()["type"] == "/problems/not-on-offer"
        assert response.json()["offer_ids"] == ["nothing"]


async def test_a_checkout_is_accepted_priced_and_split_by_seller(shop: Shop) -> None:
    mug = await shop.stock("mug", 5, price=1250)
    lamp = await shop.stock("lamp", 2, price=4000, seller_id="lights")
    async with shop.visit() as client:
        await put_in_cart(client, mug, 2)
        await put_in_cart(client, lamp)
        response = await client.post("/checkout", json=CARD | {"expected_total": 6500})
        accepted = response.json()
        assert response.status_code == 202
        assert accepted == {"order_id": accepted["order_id"], "status": "accepted", "currency": "usd", "total": 6500}
        order = (await client.get(response.headers["location"])).json()
        assert (order["status"], order["total"], order["failure"]) == ("accepted", 6500, None)
        assert {
            share["seller_id"]: (share["gross"], share["commission"], share["net"]) for share in order["sellers"]
        } == {
            "seller": (2500, 250, 2250),
            "lights": (4000, 400, 3600),
        }
        assert all(share["state"] == "pending" and share["held_until"] is None for share in order["sellers"])
        assert (await client.get("/cart")).json()["items"] == []
        assert [one["order_id"] for one in (await client.get("/orders")).json()["items"]] == [accepted["order_id"]]
    await _until(lambda: shop.flow.started == [(accepted["order_id"], 1)])


async def test_a_buyer_pages_through_all_orders(shop: Shop) -> None:
    mug = await shop.stock("mug", 5)
    async with shop.visit() as client:
        placed = []
        for _ in range(3):
            await put_in_cart(client, mug)
            placed.append((await client.post("/checkout", json=CARD)).json()["order_id"])
        first = (await client.get("/orders", params={"limit": 2})).json()
        rest = (await client.get("/orders", params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [one["order_id"] for one in (*first["items"], *rest["items"])] == placed[::-1]
        assert rest["next_cursor"] is None
        assert (await client.get("/orders", params={"cursor": "made up"})).status_code == 422
        assert (await client.get("/orders", params={"limit": 0})).status_code == 422


async def test_a_sold_out_item_is_refused_by_name_and_holds_nothing_of_the_others(shop: Shop) -> None:
    mug = await shop.stock("mug", 5)
    lamp = await shop.stock("lamp", 1)
    async with shop.visit() as client:
        await put_in_cart(client, mug, 2)
        await put_in_cart(client, lamp, 2)
        response = await client.post("/checkout", json=CARD)
        assert response.status_code == 409
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["type"] == "/problems/sold-out"
        assert response.json()["offer_ids"] == [lamp]
        assert len((await client.get("/cart")).json()["items"]) == 2
    assert await shop.stores.gate.available([mug, lamp]) == {mug: 5, lamp: 1}
    assert shop.flow.started == []


async def test_two_buyers_of_the_last_unit_make_one_order(shop: Shop) -> None:
    lamp = await shop.stock("lamp", 1)

    async def buy(buyer: str) -> int:
        async with shop.visit(buyer) as client:
            await put_in_cart(client, lamp)
            return (await client.post("/checkout", json=CARD)).status_code

    assert sorted(await asyncio.gather(*(buyer for buyer in map(buy, "abcde")))) == [202, 409, 409, 409, 409]


async def test_an_offer_that_was_filled_up_can_be_bought_at_once(shop: Shop) -> None:
    lamp = await shop.stock("lamp", 0)
    async with shop.visit() as client:
        await put_in_cart(client, lamp)
        assert (await client.post("/checkout", json=CARD)).status_code == 409
    await shop.stock("lamp", 1)
    await asyncio.sleep(1.1)  # the order database is asked again once a second
    async with shop.visit() as client:
        assert (await client.post("/checkout", json=CARD)).status_code == 202


@pytest.mark.parametrize("counter", ["empty", "missing"])
async def test_all_units_of_a_refill_are_sold_to_buyers_who_come_at_once(
    shop: Shop, redis: Redis, *, counter: str
) -> None:
    lamp = await shop.stock("lamp", 0)
    await shop.stores.gate.seed({lamp: 0})
    await shop.stock("lamp", 24)
    if counter == "missing":
        await redis.flushall()

    async def buy(buyer: str) -> int:
        async with shop.visit(buyer) as client:
            await put_in_cart(client, lamp)
            return (await client.post("/checkout", json=CARD)).status_code

    answers = await asyncio.gather(*(buy(f"buyer-{number}") for number in range(24)))
    assert answers == [202] * 24


async def test_another_price_than_the_buyer_saw_is_refused_and_gives_the_units_back(shop: Shop) -> None:
    mug = await shop.stock("mug", 1, price=1250)
    async with shop.visit() as client:
        await put_in_cart(client, mug)
        response = await client.post("/checkout", json=CARD | {"expected_total": 1000})
        assert (response.status_code, response.json()["type"]) == (409, "/problems/price-changed")
        assert response.json()["total"] == 1250
        assert (await client.post("/checkout", json=CARD | {"expected_total": 1250})).status_code == 202


async def test_a_total_that_cannot_be_charged_is_refused_and_gives_the_units_back(shop: Shop) -> None:
    pin = await shop.stock("pin", 5, price=49)
    async with shop.visit() as client:
        await put_in_cart(client, pin)
        refused = await client.post("/checkout", json=CARD)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/amount-not-chargeable")
        assert (refused.json()["minimum"], refused.json()["total"]) == (50, 49)
        assert await shop.stores.gate.available([pin]) == {pin: 5}
        await put_in_cart(client, pin, 2)
        assert (await client.post("/checkout", json=CARD)).status_code == 202


async def test_units_that_the_seller_took_away_are_sold_out_at_once(shop: Shop) -> None:
    mug = await shop.stock("mug", 5)
    await shop.stores.gate.seed({mug: 5})
    await shop.stock("mug", 0)
    async with shop.visit() as client:
        await put_in_cart(client, mug)
        for _ in range(2):
            refused = await client.post("/checkout", json=CARD)
            assert (refused.status_code, refused.json()["type"]) == (409, "/problems/sold-out")
        assert (await client.get("/orders")).json()["items"] == []
    assert await shop.stores.gate.available([mug]) == {mug: 0}


async def test_an_offer_in_another_currency_is_shown_but_not_sold(shop: Shop, pool: asyncpg.Pool) -> None:
    mug, lamp = await shop.stock("mug", 5), await shop.stock("lamp", 5)
    async with shop.visit() as client:
        await put_in_cart(client, mug)
        await put_in_cart(client, lamp)
        await pool.execute("UPDATE offers SET currency = 'eur' WHERE offer_id = $1", lamp)
        cart = (await client.get("/cart")).json()
        assert {one["offer_id"]: one["available"] for one in cart["items"]} == {mug: True, lamp: False}
        assert cart["total"] == {"amount": 1000, "currency": "usd"}
        for refused in (await client.post("/checkout", json=CARD), await put_in_cart(client, lamp, 2)):
            assert (refused.status_code, refused.json()["type"]) == (404, "/problems/not-on-offer")
            assert refused.json()["offer_ids"] == [lamp]
        await put_in_cart(client, lamp, 0)
        assert (await client.post("/checkout", json=CARD)).status_code == 202


@pytest.mark.parametrize("currency", ["xyz", "isk", "kwd", "USD", "", "us"])
def test_a_currency_that_cannot_be_charged_is_no_setting(checkout_settings: CheckoutSettings, currency: str) -> None:
    with pytest.raises(ValidationError, match="does not sell in"):
        CheckoutSettings(**checkout_settings.model_dump() | {"currency": currency})


async def test_an_empty_cart_is_not_checked_out(shop: Shop) -> None:
    async with shop.visit() as client:
        assert (await client.post("/checkout", json=CARD)).json()["type"] == "/problems/empty-cart"


async def test_a_failed_insert_gives_the_reservation_back(shop: Shop, pool: asyncpg.Pool) -> None:
    mug = await shop.stock("mug", 5)
    async with shop.visit() as client:
        await put_in_cart(client, mug, 2)
        await pool.execute("ALTER TABLE outbox RENAME TO outbox_elsewhere")
        response = await client.post("/checkout", json=CARD)
        assert response.status_code == 500
        assert "outbox" not in response.text
        await pool.execute("ALTER TABLE outbox_elsewhere RENAME TO outbox")
        assert await shop.stores.gate.available([mug]) == {mug: 5}
        assert (await client.post("/checkout", json=CARD)).status_code == 202


async def test_lost_counters_are_rebuilt_without_forgetting_accepted_orders(shop: Shop, redis: Redis) -> None:
    mug = await shop.stock("mug", 3)
    async with shop.visit("ann") as client:
        await put_in_cart(client, mug, 2)
        assert (await client.post("/checkout", json=CARD)).status_code == 202
    await redis.flushall()
    async with shop.visit("bob") as client:
        await put_in_cart(client, mug, 2)
        assert (await client.post("/checkout", json=CARD)).status_code == 409
        await put_in_cart(client, mug, 1)
        assert (await client.post("/checkout", json=CARD)).status_code == 202


async def test_an_order_of_another_buyer_is_not_found(shop: Shop) -> None:
    mug = await shop.stock("mug", 5)
    async with shop.visit("ann") as client:
        await put_in_cart(client, mug)
        location = (await client.post("/checkout", json=CARD)).headers["location"]
        assert (await client.get(location)).json()["status"] == OrderStatus.ACCEPTED
    async with shop.visit("bob") as client:
        response = await client.get(location)
        assert (response.status_code, response.json()["type"]) == (404, "/problems/order-not-found")
        assert (await client.get("/orders")).json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/cart"), ("PUT", "/cart/items/x"), ("DELETE", "/cart"), ("POST", "/checkout"), ("GET", "/orders"),
     ("GET", "/orders/x")],
)  # fmt: skip
async def test_nothing_is_done_for_a_caller_without_identity(shop: Shop, method: str, path: str) -> None:
    async with shop.visit(None) as client:
        response = await client.request(method, path, json={"quantity": 1, "payment_method": "pm"})
        if response.status_code == 422:  # the body of another route
            response = await client.request(method, path, json={"quantity": 1} if "items" in path else CARD)
        assert response.status_code == 401


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({}, "#/body/payment_method"), (CARD | {"expected_total": "much"}, "#/body/expected_total"),
     (CARD | {"expectedTotal": 1}, "#/body/expectedTotal"), (CARD | {"expected_total": 2**63}, "#/body/expected_total"),
     (CARD | {"expected_total": 10.0}, "#/body/expected_total"),
     (CARD | {"expected_total": True}, "#/body/expected_total"),
     ({"payment_method": "pm\0"}, "#/body/payment_method"), ({"payment_method": " "}, "#/body/payment_method")],
)  # fmt: skip
async def test_an_invalid_checkout_is_a_problem_that_points_at_the_mistake(
    shop: Shop, body: dict[str, object], pointer: str
) -> None:
    async with shop.visit() as client:
        response = await client.post("/checkout", json=body)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("quantity", [1.0, True, "1", "1_0", None, -1, 1000, 2**63])
async def test_a_quantity_is_a_small_whole_number(shop: Shop, quantity: object) -> None:
    mug = await shop.stock("mug", 5)
    async with shop.visit() as client:
        response = await client.put(f"/cart/items/{mug}", json={"quantity": quantity})
        assert response.status_code == 422


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InternalClientError("got result for unknown protocol state 3"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.DiskFullError("no space left"),
        asyncpg.DeadlockDetectedError("deadlock detected"),
        redis.exceptions.InvalidResponse("Protocol Error"),
        redis.exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'"),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_store_that_dies_in_the_middle_is_worth_another_try(
    shop: Shop, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    mug = await shop.stock("mug", 5)

    async def dies(orders: PostgresOrders, checkout: Checkout) -> Accepted:
        raise error

    async with shop.visit() as client:
        await put_in_cart(client, mug)
        monkeypatch.setattr(PostgresOrders, "accept", dies)
        response = await client.post("/checkout", json=CARD)
    assert (response.status_code, response.json()["type"]) == (503, "/problems/store-unavailable")
    assert response.headers["retry-after"] == "1"


async def test_it_is_not_ready_while_the_database_is_away_but_alive(shop: Shop, pool: asyncpg.Pool) -> None:
    async with shop.visit(None) as client:
        assert (await client.get("/readyz")).json() == {
            "status": "ready",
            "checks": {"orders": "ok", "carts": "ok", "signing-keys": "ok"},
        }
        await pool.close()
        response = await client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["checks"]["carts"] == "ok"
        assert response.json()["checks"]["orders"] != "ok"
        assert (await client.get("/healthz")).status_code == 200


async def test_the_openapi_document_describes_every_route(shop: Shop) -> None:
    async with shop.visit(None) as client:
        document = (await client.get("/openapi.json")).json()
    assert {"/cart", "/cart/items/{offer_id}", "/checkout", "/orders", "/orders/{order_id}"} <= set(document["paths"])
    assert "202" in document["paths"]["/checkout"]["post"]["responses"]


async def _until(condition: object, seconds: float = 5.0) -> None:
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
