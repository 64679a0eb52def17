"""Chargebacks, in memory and in PostgreSQL: the same end in whatever order the news come."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from commerce_samples import NOON, RETURN_WINDOW, MarketPorts, fulfilled, open_accounts, stock_up

from commerce.ledger import FEES, PROCESSOR
from commerce.money import Money
from commerce.payment_news import DisputeMoved, Notice

TOTAL = 2 * 450 + 1999
CLOSED = NOON + RETURN_WINDOW
COURSE = ("needs_response", "under_review")


@pytest.fixture(autouse=True)
async def shop(market: MarketPorts) -> None:
    await stock_up(market.offers)
    await fulfilled(market, "o1", {"tea": 2, "lamp": 1})
    await open_accounts(market)


async def tell(market: MarketPorts, *statuses: str, charge_id: str = "ch_o1") -> None:
    for number, status in enumerate(statuses):
        news = DisputeMoved(
            dispute_id="du_1",
            charge_id=charge_id,
            amount=Money(TOTAL, "usd"),
            status=status,
            at=NOON + timedelta(hours=number),
            fee=1500,
        )
        await market.inbox.take(Notice(event_id=f"{status}/{number}/{len(statuses)}", type="t", news=news))


async def test_a_disputed_charge_holds_the_shares_of_its_sellers_until_it_is_won(market: MarketPorts) -> None:
    await tell(market, *COURSE)
    assert await market.payouts.release_due(CLOSED) == 0
    assert [one.hold_id for one in await market.holds.of_seller("ada")] == ["chargeback/du_1/ada"]
    await tell(market, "won")
    assert await market.payouts.release_due(CLOSED) == 2


@pytest.mark.parametrize("order", list(permutations((*COURSE, "lost"))))
async def test_a_lost_one_is_taken_from_the_sellers_once(market: MarketPorts, order: tuple[str, ...]) -> None:
    before = (await market.ledger.balance(PROCESSOR))["usd"]
    await tell(market, *order)
    await tell(market, *order, "lost", *COURSE)
    assert before - (await market.ledger.balance(PROCESSOR))["usd"] == TOTAL + 1500
    assert await market.ledger.balance(FEES) == {"usd": 1500}
    for seller in ("ada", "ben"):
        assert (await market.ledger.balance(f"seller:{seller}:held"))["usd"] == 0
        assert await market.holds.of_seller(seller) == ()
    assert await market.payouts.release_due(CLOSED) == 0
    assert await market.ledger.totals() == {"usd": 0}


async def test_one_that_is_lost_after_the_transfer_is_the_sellers_debt(market: MarketPorts) -> None:
    await market.payouts.release_due(CLOSED)
    for payout in await market.payouts.claim(CLOSED):
        await market.payouts.record_transfer("o1", payout.seller_id, f"tr_{payout.seller_id}")
    await tell(market, *COURSE, "lost")
    assert (await market.ledger.balance("seller:ben:payable"))["usd"] > 0


async def test_a_dispute_of_another_charge_says_nothing(market: MarketPorts) -> None:
    await tell(market, *COURSE, "lost", charge_id="ch")
    assert await market.payouts.release_due(CLOSED) == 2
