"""A checkout that is sent again: by a second click, after a lost answer, or with a key that was used before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from commerce.adapters.redis import RedisCarts
from commerce.cart import Cart
from commerce.orders import Accepted, Checkout
from tests.services.conftest import CARD, Shop, put_in_cart


async def test_a_repeated_idempotency_key_returns_the_same_order(shop: Shop) -> None:
    mug = await shop.stock("mug", 5)
    async with shop.visit() as client:
        await put_in_cart(client, mug)
        first = await client.post("/checkout", json=CARD, headers={"idempotency-key": "k1"})
        again = await client.post("/checkout", json=CARD, headers={"idempotency-key": "k1"})
        await put_in_cart(client, mug)
        with_the_same_cart = await client.post("/checkout", json=CARD, headers={"idempotency-key": "k1"})
        await client.delete("/cart")
        with_a_cart_that_forgot = await client.post("/checkout", json=CARD, headers={"idempotency-key": "k1"})
        repeated = [again, with_the_same_cart, with_a_cart_that_forgot]
        assert [one.json() for one in repeated] == [first.json()] * 3
        await put_in_cart(client, mug)
        assert again.status_code == 202
        another = await client.post("/checkout", json=CARD, headers={"idempotency-key": "k2"})
        assert another.json()["order_id"] != first.json()["order_id"]
    assert await shop.stores.gate.available([mug]) == {mug: 3}


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The buyers in it lose their process before their cart is emptied, once each."""
    doomed: list[str] = []
    take = RedisCarts.take

    async def dies(carts: RedisCarts, buyer_id: str, order_id: str, lines: Mapping[str, int]) -> Cart:
        if buyer_id in doomed:
            doomed.remove(buyer_id)
            raise ConnectionResetError
        return await take(carts, buyer_id, order_id, lines)

    monkeypatch.setattr(RedisCarts, "take", dies)
    return doomed


@pytest.mark.parametrize("units", [1, 5], ids=["last-unit", "enough"])
@pytest.mark.parametrize("keys", [("k1", "k1"), ("k1", "k2"), ("k1", None), (None, "k2"), (None, None)])
async def test_a_cart_whose_emptying_was_lost_is_bought_once(
    shop: Shop, dying: list[str], keys: tuple[str | None, str | None], units: int
) -> None:
    mug = await shop.stock("mug", units)
    first, second = ({"idempotency-key": key} if key else {} for key in keys)
    async with shop.visit() as client:
        await put_in_cart(client, mug)
        dying.append("buyer")
        assert (await client.post("/checkout", json=CARD, headers=first)).status_code >= 500
        card = CARD if keys == ("k1", "k1") else CARD | {"payment_method": "pm_other"}
        replayed = await client.post("/checkout", json=card, headers=second)
        assert replayed.status_code == 202
        orders = (await client.get("/orders")).json()["items"]
        assert [one["order_id"] for one in orders] == [replayed.json()["order_id"]]
        assert (await client.get("/cart")).json()["items"] == []
    assert await shop.stores.gate.available([mug]) == {mug: units - 1}


async def test_a_cart_whose_order_failed_may_be_bought_with_another_card_or_key(shop: Shop, dying: list[str]) -> None:
    mug = await shop.stock("mug", 5)
    async with shop.visit() as client:
        await put_in_cart(client, mug)
        made: list[str] = []
        for headers, method in [({}, "pm_1"), ({}, "pm_2"), ({"idempotency-key": "k"}, "pm_2")]:
            dying.append("buyer")
            card = {"payment_method": method}
            assert (await client.post("/checkout", json=card, headers=headers)).status_code >= 500
            latest = (await client.get("/orders")).json()["items"][0]["order_id"]
            assert latest not in made
            made.append(latest)
            await shop.stores.orders.fail(latest, "payment_declined")
            await shop.stores.gate.release(latest)
            again = (await client.post("/checkout", json=card, headers=headers)).json()
            assert (again["order_id"], again["status"]) == (latest, "failed")
            assert len((await client.get("/cart")).json()["items"]) == 1
            assert await shop.stores.gate.available([mug]) == {mug: 5}


async def test_what_is_put_into_the_cart_while_it_is_bought_is_not_lost_and_nothing_is_bought_twice(
    shop: Shop, dying: list[str]
) -> None:
    mug, lamp = await shop.stock("mug", 5), await shop.stock("lamp", 5)
    async with shop.visit() as client:
        await put_in_cart(client, mug, 2)
        accept = shop.stores.orders.accept

        async def accepted_late(checkout: Checkout) -> Accepted:
            accepted = await accept(checkout)
            await put_in_cart(client, lamp)
            return accepted

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(shop.stores.orders, "accept", accepted_late)
            first = await client.post("/checkout", json=CARD)
        assert [(one["offer_id"], one["quantity"]) for one in (await client.get("/cart")).json()["items"]] == [
            (lamp, 1)
        ]
        second = await client.post("/checkout", json=CARD)
        bought = [(await client.get(one.headers["location"])).json()["lines"] for one in (first, second)]
    assert [[(line["offer_id"], line["quantity"]) for line in lines] for lines in bought] == [[(mug, 2)], [(lamp, 1)]]


@pytest.mark.parametrize(
    "other",
    [{"payment_method": "pm_other"}, {"expected_total": 1}, {"cart": "lamp"}],
    ids=["card", "total", "cart"],
)
@pytest.mark.parametrize("failed", [False, True])
async def test_an_idempotency_key_of_another_request_is_refused(
    shop: Shop, *, other: dict[str, object], failed: bool
) -> None:
    mug, lamp = await shop.stock("mug", 5), await shop.stock("lamp", 5)
    key = {"idempotency-key": "k1"}
    async with shop.visit() as client:
        await put_in_cart(client, mug)
        order_id = (await client.post("/checkout", json=CARD, headers=key)).json()["order_id"]
        if failed:
            await shop.stores.carts.give_back("buyer", order_id, {mug: 1})
            await shop.stores.orders.fail(order_id, "payment_declined")
        same = await client.post("/checkout", json=CARD | {"expected_total": 1000}, headers=key)
        assert (same.status_code, same.json()["status"]) == (202, "failed" if failed else "accepted")
        if "cart" in other:
            await put_in_cart(client, lamp)
        refused = await client.post(
            "/checkout", json=CARD | {one: other[one] for one in other if one != "cart"}, headers=key
        )
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/idempotency-key-reused")
        assert refused.json()["order_id"] == order_id
        assert len((await client.get("/orders")).json()["items"]) == 1


async def test_of_two_requests_at_once_with_one_key_and_two_cards_one_is_refused(shop: Shop) -> None:
    mug = await shop.stock("mug", 5)
    async with shop.visit() as client:
        await put_in_cart(client, mug)
        answers = await asyncio.gather(
            *(
                client.post("/checkout", json={"payment_method": card}, headers={"idempotency-key": "k"})
                for card in ("pm_1", "pm_2")
            )
        )
        assert sorted(answer.status_code for answer in answers) == [202, 422]
        assert len((await client.get("/orders")).json()["items"]) == 1
    assert await shop.stores.gate.available([mug]) == {mug: 4}


async def test_a_second_click_sees_the_order_of_the_first_until_the_cart_is_touched(shop: Shop) -> None:
    mug = await shop.stock("mug", 5)
    async with shop.visit() as client:
        await put_in_cart(client, mug)
        first = await client.post("/checkout", json=CARD)
        again = await client.post("/checkout", json=CARD)
        assert (again.status_code, again.json()) == (202, first.json())
        other_card = await client.post("/checkout", json={"payment_method": "pm_other"})
        assert other_card.json()["type"] == "/problems/empty-cart"
        await client.delete("/cart")
        assert (await client.post("/checkout", json=CARD)).json()["type"] == "/problems/empty-cart"
        assert len((await client.get("/orders")).json()["items"]) == 1


async def test_a_replay_tells_what_became_of_the_order(shop: Shop) -> None:
    mug = await shop.stock("mug", 5)
    async with shop.visit() as client:
        await put_in_cart(client, mug)
        key = {"idempotency-key": "k1"}
        first = (await client.post("/checkout", json=CARD, headers=key)).json()
        await shop.stores.orders.record_authorization(first["order_id"], "pi")
        again = (await client.post("/checkout", json=CARD, headers=key)).json()
    assert (first["status"], again) == ("accepted", first | {"status": "authorized"})


async def test_a_double_click_makes_one_order(shop: Shop) -> None:
    mug = await shop.stock("mug", 5)
    async with shop.visit() as client:
        await put_in_cart(client, mug)
        answers = await asyncio.gather(*(client.post("/checkout", json=CARD) for _ in range(64)))
        accepted = {answer.json()["order_id"] for answer in answers if answer.status_code == 202}
        assert len(accepted) == 1
        assert {answer.status_code for answer in answers} == {202}
        assert len((await client.get("/orders")).json()["items"]) == 1
    assert await shop.stores.gate.available([mug]) == {mug: 4}


async def test_the_same_key_of_another_buyer_is_another_order(shop: Shop) -> None:
    mug = await shop.stock("mug", 5)
    orders = set()
    for buyer in ("ann", "bob"):
        async with shop.visit(buyer) as client:
            await put_in_cart(client, mug)
            response = await client.post("/checkout", json=CARD, headers={"idempotency-key": "k1"})
            orders.add(response.json()["order_id"])
    assert len(orders) == 2
