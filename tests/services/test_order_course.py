"""What a buyer may do about an order that is not paid yet: authenticate its payment, or cancel it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx

from commerce.orders import WaitsFor
from services.checkout import waiting
from services.http.attention import Attention
from tests.services.conftest import CARD, Shop, put_in_cart

SOON = datetime(2100, 1, 1, tzinfo=UTC)


async def place_order(shop: Shop, client: httpx.AsyncClient) -> str:
    await put_in_cart(client, await shop.stock("mug", 5))
    accepted = await client.post("/checkout", json=CARD)
    order_id: str = accepted.json()["order_id"]
    await started(shop, (order_id, 1))
    return order_id


async def started(shop: Shop, dispatch: tuple[str, int]) -> None:
    async with asyncio.timeout(5):
        while dispatch not in shop.flow.started:
            await asyncio.sleep(0.01)


async def test_the_buyer_gets_the_secret_authenticates_and_the_order_goes_on(shop: Shop) -> None:
    async with shop.visit() as client, shop.visit("somebody") as stranger:
        order_id = await place_order(shop, client)
        await shop.stores.orders.wait_for_buyer(order_id, "pi_1", "pi_1_secret", SOON)
        order = (await client.get(f"/orders/{order_id}")).json()
        assert (order["waits_for"], order["client_secret"]) == ("buyer", "pi_1_secret")
        assert datetime.fromisoformat(order["waits_until"]) == SOON
        assert (await client.get("/orders")).json()["items"][0]["client_secret"] is None
        for request in (stranger.get(f"/orders/{order_id}"), stranger.post(f"/orders/{order_id}/authentication")):
            assert (await request).status_code == 404
        answer = await client.post(f"/orders/{order_id}/authentication")
        assert (answer.status_code, answer.json()["waits_for"], answer.json()["client_secret"]) == (202, None, None)
        await started(shop, (order_id, 2))
        await client.post(f"/orders/{order_id}/authentication")
        assert (order_id, 3) not in shop.flow.started


async def test_a_buyer_does_not_end_a_review(shop: Shop) -> None:
    async with shop.visit() as client:
        order_id = await place_order(shop, client)
        await shop.stores.orders.wait(order_id, WaitsFor.REVIEW, SOON)
        answer = await client.post(f"/orders/{order_id}/authentication")
        assert (answer.status_code, answer.json()["waits_for"]) == (202, "review")


async def test_an_order_is_canceled_by_its_buyer_until_its_money_is_taken(shop: Shop) -> None:
    orders = shop.stores.orders
    async with shop.visit() as client, shop.visit("somebody") as stranger:
        order_id = await place_order(shop, client)
        assert (await stranger.post(f"/orders/{order_id}/cancellation")).status_code == 404
        for _ in range(2):
            answer = await client.post(f"/orders/{order_id}/cancellation")
            assert (answer.status_code, answer.json()["status"], answer.json()["stopping"]) == (202, "accepted", True)
        await orders.fail(order_id, "order_stopped")
        order = (await client.get(f"/orders/{order_id}")).json()
        assert (order["status"], order["failure"], order["stopping"]) == ("failed", "canceled_by_buyer", False)

        paid = await place_order(shop, client)
        await orders.record_authorization(paid, "pi_2")
        await orders.confirm_stock(paid)
        answer = await client.post(f"/orders/{paid}/cancellation")
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-late-to-cancel")
        assert "Ask for a refund" in answer.json()["detail"]


async def test_an_order_that_has_waited_too_long_is_stopped_and_started_to_be_undone(
    shop: Shop,
) -> None:
    woken = asyncio.Event()
    async with shop.visit() as client:
        order_id = await place_order(shop, client)
        await shop.stores.orders.wait_for_buyer(order_id, "pi_1", "secret", datetime.now(UTC) - timedelta(seconds=1))
        upkeep = asyncio.create_task(waiting.stop_overdue_orders(shop.stores.orders, woken.set, Attention()))
        async with asyncio.timeout(5):
            await woken.wait()
        upkeep.cancel()
        await started(shop, (order_id, 2))
        assert (await client.get(f"/orders/{order_id}")).json()["stopping"] is True
