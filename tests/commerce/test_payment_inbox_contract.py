"""What every inbox of the payment processor's events does, in memory and in PostgreSQL."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from commerce_samples import NOON, MarketPorts, checkout, postgres_market, stock_up

from commerce.orders import WaitsFor
from commerce.payment_news import News, Notice, PaymentMoved


def notice(event_id: str, news: News) -> Notice:
    return Notice(event_id=event_id, type="payment_intent.amount_capturable_updated", news=news)


def paid(order_id: str = "o1", payment_intent_id: str = "pi_o1") -> PaymentMoved:
    return PaymentMoved(order_id=order_id, payment_intent_id=payment_intent_id)


@pytest.fixture(autouse=True)
async def shop(market: MarketPorts) -> None:
    await stock_up(market.offers)


async def waiting(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"tea": 1}))
    await market.orders.wait_for_buyer("o1", "pi_o1", "secret", NOON)


async def test_an_event_resumes_its_order_once_however_often_it_comes(market: MarketPorts) -> None:
    await waiting(market)
    assert [await market.inbox.take(notice("evt_1", paid())) for _ in range(3)] == [True, False, False]
    assert (await market.orders.get("o1")).waits_for is None
    await market.orders.wait_for_buyer("o1", "pi_o1", "secret", NOON)
    assert not await market.inbox.take(notice("evt_1", paid()))
    assert (await market.orders.get("o1")).waits_for is WaitsFor.BUYER
    assert await market.inbox.take(notice("evt_2", paid())), "two events may tell the same"
    assert (await market.orders.get("o1")).waits_for is None


@pytest.mark.parametrize("news", [paid("ghost"), paid("o1", "pi_of_another_payment")])
async def test_an_event_of_another_order_or_payment_changes_nothing(market: MarketPorts, news: News) -> None:
    await waiting(market)
    assert await market.inbox.take(notice("evt_1", news))
    assert (await market.orders.get("o1")).waits_for is WaitsFor.BUYER


async def test_an_event_that_comes_before_or_after_its_time_changes_nothing(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"tea": 1}))
    assert await market.inbox.take(notice("evt_1", paid()))
    await market.orders.record_authorization("o1", "pi_o1")
    before = await market.orders.get("o1")
    assert await market.inbox.take(notice("evt_2", paid()))
    assert await market.orders.get("o1") == before


async def test_an_event_whose_work_fails_is_not_remembered(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    market = postgres_market(pool)
    await stock_up(market.offers)
    await waiting(market)
    with monkeypatch.context() as patched:
        patched.setattr("commerce.adapters.postgres.orders._DISPATCH", "SELECT 1 / 0, $1::text")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await market.inbox.take(notice("evt_1", paid()))
    assert (await market.orders.get("o1")).waits_for is WaitsFor.BUYER
    assert await market.inbox.take(notice("evt_1", paid()))


async def test_an_event_that_is_delivered_twice_at_once_is_handled_once(pool: asyncpg.Pool) -> None:
    market = postgres_market(pool)
    await stock_up(market.offers)
    await waiting(market)
    taken = await asyncio.gather(*(market.inbox.take(notice("evt_1", paid())) for _ in range(4)))
    assert sorted(taken) == [False, False, False, True]
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE attempt > 1") == 1
