"""What the processor tells of refunds and accounts, in memory and in PostgreSQL: once, in any order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from commerce_samples import NOON, RETURN_WINDOW, MarketPorts, account_state, fulfilled, open_accounts, stock_up

from commerce.ledger import LOSSES, PROCESSOR
from commerce.money import Money
from commerce.orders import SellerOrderState
from commerce.payment_news import AccountChanged, News, Notice, RefundFailed, RefundMade

TEA, LAMP = 2 * 450, 1999
CLOSED = NOON + RETURN_WINDOW


@pytest.fixture(autouse=True)
async def shop(market: MarketPorts) -> None:
    await stock_up(market.offers)
    await fulfilled(market, "o1", {"tea": 2, "lamp": 1})


async def tell(market: MarketPorts, *news: News) -> None:
    for number, one in enumerate(news):
        await market.inbox.take(Notice(event_id=f"evt_{id(news)}_{number}", type="t", news=one))


def made(amount: int, refund_id: str | None = None, processor_id: str = "re_1") -> RefundMade:
    return RefundMade(
        charge_id="ch_o1", processor_refund_id=processor_id, refund_id=refund_id, amount=Money(amount, "usd")
    )


def failed(refund_id: str | None = None, processor_id: str = "re_1") -> RefundFailed:
    return RefundFailed(processor_refund_id=processor_id, refund_id=refund_id, reason="lost_or_stolen_card")


async def ask(market: MarketPorts, amount: int = TEA) -> bool:
    return await market.refunds.request("o1", "ben", Money(amount, "usd"), "r", "damaged")


async def test_a_refund_that_fails_is_owed_again_and_may_be_asked_for_again(market: MarketPorts) -> None:
    before = await market.ledger.balance(PROCESSOR), await market.ledger.balance("seller:ben:held")
    assert await ask(market)
    await tell(market, failed("r"), failed("r"), made(TEA, "r"))
    assert (await market.ledger.balance(PROCESSOR), await market.ledger.balance("seller:ben:held")) == before
    assert await market.refunds.due(CLOSED.replace(year=2100)) == ()
    assert [one.hold_id for one in await market.holds.of_seller("ben")] == ["refund/o1/ben"]
    assert await market.payouts.release_due(CLOSED) == 1, "ada's only: ben's buyer is still to be paid"
    assert [await ask(market), await ask(market)] == [True, False]
    [due] = await market.refunds.due(CLOSED.replace(year=2100))
    assert (due.refund_id, due.amount.amount) == ("r/2", TEA)
    assert await market.holds.of_seller("ben") == ()
    states = {share.seller_id: share.state for share in (await market.orders.get("o1")).sellers}
    assert states == {"ada": SellerOrderState.RELEASED, "ben": SellerOrderState.REFUNDED}


async def test_what_was_reversed_for_a_refund_that_failed_pays_for_the_next(market: MarketPorts) -> None:
    await open_accounts(market)
    await market.payouts.release_due(CLOSED)
    for payout in await market.payouts.claim(CLOSED):
        await market.payouts.record_transfer("o1", payout.seller_id, f"tr_{payout.seller_id}")
    await ask(market, 400)
    await market.refunds.record_paid("r", "re_1")
    await market.refunds.record_reversed("r", "trr_1")
    await tell(market, failed("r"))
    assert (await market.ledger.balance("seller:ben:payable"))["usd"] < 0
    await ask(market, 400)
    [due] = await market.refunds.due(CLOSED.replace(year=2100))
    assert due.reversal.amount == 0
    assert (await market.ledger.balance("seller:ben:payable"))["usd"] == 0


@pytest.mark.parametrize("amount", [1, 1000, TEA + LAMP, TEA + LAMP + 7])
async def test_a_refund_of_the_dashboard_is_booked_once(market: MarketPorts, amount: int) -> None:
    before = (await market.ledger.balance(PROCESSOR))["usd"]
    await tell(market, made(amount), made(amount))
    assert before - (await market.ledger.balance(PROCESSOR))["usd"] == amount
    assert sum((await market.ledger.balance(LOSSES)).values()) == max(0, amount - TEA - LAMP)
    assert await market.refunds.due(CLOSED.replace(year=2100)) == ()


@pytest.mark.parametrize("news", [(failed(), made(500)), (made(500), failed()), (made(500), failed(), made(500))])
async def test_a_refund_of_the_dashboard_that_failed_moved_nothing(market: MarketPorts, news: tuple[News, ...]) -> None:
    before = await market.ledger.balance(PROCESSOR)
    await tell(market, *news)
    assert await market.ledger.balance(PROCESSOR) == before


async def test_a_refund_of_another_charge_says_nothing(market: MarketPorts) -> None:
    before = await market.ledger.balance(PROCESSOR)
    other = RefundMade(charge_id="ch", processor_refund_id="re", refund_id=None, amount=Money(1, "usd"))
    await tell(market, other, made(1, "unknown"), failed("unknown"))
    assert await market.ledger.balance(PROCESSOR) == before


async def test_the_latest_news_of_an_account_count_in_whatever_order_they_come(market: MarketPorts) -> None:
    later = account_state("acct_ben", "inactive", NOON + timedelta(hours=1))
    await tell(market, AccountChanged(state=later), AccountChanged(state=account_state("acct_ben")))
    account = await market.accounts.get("ben")
    assert account is not None
    assert account.state == later
