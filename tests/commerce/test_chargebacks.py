"""Chargebacks, in memory and in PostgreSQL: the same end in whatever order the news come."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count, permutations

import pytest
from commerce_samples import (
    NOON,
    RETURN_WINDOW,
    MarketPorts,
    account_state,
    confirmed,
    fulfilled,
    hold,
    open_accounts,
    stock_up,
)

from commerce.ledger import DISPUTED, FEES, LOSSES, PROCESSOR, payable
from commerce.money import Money
from commerce.orders import IllegalTransition
from commerce.payment_news import WAITING, DisputeMoved, Notice, RefundMade
from commerce.payouts import LOOK_AGAIN_AFTER
from commerce.refunds import REVERSAL_ATTEMPTS

TOTAL, FEE = 2 * 450 + 1999, 1500
CLOSED = NOON + RETURN_WINDOW
FAR = NOON.replace(year=2100)
COURSE = ("needs_response", "under_review")
LINES = {"tea": 2, "lamp": 1}
_events = count()


@pytest.fixture(autouse=True)
async def shop(market: MarketPorts) -> None:
    await stock_up(market.offers)
    await open_accounts(market)


@pytest.fixture
async def bought(market: MarketPorts) -> None:
    await fulfilled(market, "o1", LINES)


def moved(status: str, *, movements: int | None = None, charge_id: str = "ch_o1", hours: int = 0) -> DisputeMoved:
    """The processor takes the amount and its fee when the dispute begins, and gives the amount back when it is won."""
    movements = (2 if status == "won" else 1) if movements is None else movements
    return DisputeMoved(
        dispute_id="du_1",
        charge_id=charge_id,
        amount=Money(TOTAL, "usd"),
        status=status,
        at=NOON + timedelta(hours=hours),
        withdrawn=TOTAL if movements == 1 else 0,
        fee=FEE if movements else 0,
        movements=movements,
    )


async def tell(market: MarketPorts, *news: DisputeMoved | RefundMade | str) -> None:
    for one in news:
        said = moved(one) if isinstance(one, str) else one
        await market.inbox.take(Notice(event_id=f"evt_{next(_events)}", type="t", news=said))


async def of(market: MarketPorts, account: str) -> int:
    return (await market.ledger.balance(account)).get("usd", 0)


async def transferred(market: MarketPorts, order_id: str) -> None:
    await market.payouts.release_due(CLOSED)
    for payout in await market.payouts.claim(CLOSED):
        if payout.order_id == order_id:
            await market.payouts.record_transfer(order_id, payout.seller_id, f"tr_{order_id}_{payout.seller_id}")


@pytest.mark.usefixtures("bought")
async def test_a_disputed_charge_holds_the_shares_of_its_sellers_until_it_is_won(market: MarketPorts) -> None:
    before = await of(market, PROCESSOR)
    await tell(market, *COURSE)
    assert await market.payouts.release_due(CLOSED) == 0
    assert [one.hold_id for one in await market.holds.of_seller("ada")] == ["chargeback/du_1/ada"]
    assert (before - await of(market, PROCESSOR), await of(market, DISPUTED)) == (TOTAL + FEE, TOTAL)
    await tell(market, "won")
    assert (before - await of(market, PROCESSOR), await of(market, DISPUTED)) == (FEE, 0)
    assert await market.payouts.release_due(CLOSED) == 2


@pytest.mark.usefixtures("bought")
@pytest.mark.parametrize("order", list(permutations((*COURSE, "lost"))))
async def test_a_lost_one_is_taken_from_the_sellers_once(market: MarketPorts, order: tuple[str, ...]) -> None:
    before = await of(market, PROCESSOR)
    await tell(market, *order)
    await tell(market, *order, "lost", *COURSE)
    assert before - await of(market, PROCESSOR) == TOTAL + FEE
    assert (await of(market, FEES), await of(market, DISPUTED)) == (FEE, 0)
    for seller in ("ada", "ben"):
        assert await of(market, f"seller:{seller}:held") == 0
        assert await market.holds.of_seller(seller) == ()
    assert await market.payouts.release_due(CLOSED) == 0
    assert await market.ledger.totals() == {"usd": 0}


@pytest.mark.usefixtures("bought")
@pytest.mark.parametrize(
    "news",
    list(
        permutations(
            (moved("needs_response", movements=0), moved("needs_response"), moved("won", movements=1), moved("won"))
        )
    ),
)
async def test_the_processors_movements_are_booked_once_in_whatever_order_they_are_told(
    market: MarketPorts, news: tuple[DisputeMoved, ...]
) -> None:
    before = await of(market, PROCESSOR)
    await tell(market, *news)
    assert (before - await of(market, PROCESSOR), await of(market, FEES), await of(market, DISPUTED)) == (FEE, FEE, 0)
    assert await market.payouts.release_due(CLOSED) == 2


@pytest.mark.usefixtures("bought")
@pytest.mark.parametrize("order", list(permutations(("needs_response", "lost", "won"))))
async def test_one_that_is_won_after_it_was_lost_gives_the_shares_back(
    market: MarketPorts, order: tuple[str, ...]
) -> None:
    before = {account: await of(market, account) for account in ("seller:ada:held", "seller:ben:held", PROCESSOR)}
    await tell(market, *order)
    after = {account: await of(market, account) for account in before}
    assert after == before | {PROCESSOR: before[PROCESSOR] - FEE}
    assert await market.payouts.release_due(CLOSED) == 2


@pytest.mark.usefixtures("bought")
async def test_one_that_is_lost_after_the_transfer_is_reversed_and_not_recovered_as_well(market: MarketPorts) -> None:
    await transferred(market, "o1")
    await tell(market, *COURSE, "lost")
    await fulfilled(market, "o2", {"tea": 3})
    await market.payouts.release_due(CLOSED)
    [payout] = await market.payouts.claim(CLOSED)
    assert payout.recovered.amount == 0, "the reversal is under way"
    await market.payouts.record_transfer("o2", "ben", "tr_o2")
    due = await market.refunds.due(FAR)
    assert {one.seller_id: one.transfer_id for one in due} == {"ada": "tr_o1_ada", "ben": "tr_o1_ben"}
    for refund in due:
        await market.refunds.record_reversed(refund.refund_id, f"trr_{refund.seller_id}")
    assert (await of(market, payable("ada")), await of(market, payable("ben"))) == (0, 0)
    assert await market.refunds.due(FAR) == ()


async def lost_and_reversed(market: MarketPorts) -> int:
    """What Ben had of it."""
    await transferred(market, "o1")
    [first] = (await market.payouts.of_seller("ben", 9)).items
    await tell(market, "lost")
    for refund in await market.refunds.due(FAR):
        await market.refunds.record_reversed(refund.refund_id, f"trr_{refund.seller_id}")
    return first.amount.amount


async def claimed_for(market: MarketPorts, seller_id: str, now: datetime = FAR) -> list[tuple[str, int, int, object]]:
    claimed = [one for one in await market.payouts.claim(now) if one.seller_id == seller_id]
    return [(one.order_id, one.amount.amount, one.attempt, one.source_charge) for one in claimed]


@pytest.mark.usefixtures("bought")
async def test_one_that_is_won_after_it_was_lost_and_reversed_is_transferred_anew_once(market: MarketPorts) -> None:
    had = await lost_and_reversed(market)
    assert await claimed_for(market, "ben") == []
    await tell(market, "won")
    assert await of(market, payable("ben")) == -had
    assert await claimed_for(market, "ben") == [("o1", had, 2, None)]
    await market.payouts.record_transfer("o1", "ben", "tr_o1_ben")
    assert await of(market, payable("ben")) == -had, "the first transfer, told late, is not the second"
    for _ in range(2):
        await market.payouts.record_transfer("o1", "ben", "tr_again")
    assert await of(market, payable("ben")) == 0
    assert await claimed_for(market, "ben", FAR + timedelta(days=9)) == []
    with pytest.raises(IllegalTransition):
        await market.payouts.record_transfer("o1", "ben", "tr_third")
    now = datetime.now(UTC)
    statement = await market.statements.statement("ben", now - timedelta(days=1), now + timedelta(days=1))
    made = [(one.transfer_id, -one.amount.amount) for one in statement.entries if one.kind == "transfer"]
    assert sorted(made, key=str) == [("tr_again", had), ("tr_o1_ben", had)]


@pytest.mark.usefixtures("bought")
async def test_what_is_owed_anew_waits_for_holds_and_for_the_account(market: MarketPorts) -> None:
    had = await lost_and_reversed(market)
    await market.holds.place(hold(None, "ben"))
    await tell(market, "won")
    assert await claimed_for(market, "ben") == []
    await market.holds.lift("ben", hold(None, "ben").hold_id, by="sam", reason="x", now=FAR)
    await market.accounts.record(account_state("acct_ben", transfers="inactive", at=NOON + RETURN_WINDOW))
    assert await claimed_for(market, "ben", FAR + LOOK_AGAIN_AFTER) == []
    await market.accounts.record(account_state("acct_ben", at=FAR))
    assert await claimed_for(market, "ben", FAR + 2 * LOOK_AGAIN_AFTER) == [("o1", had, 2, None)]
    await market.payouts.record_refusal("o1", "ben", "no funds", FAR)
    assert await claimed_for(market, "ben", FAR + 3 * LOOK_AGAIN_AFTER) == [("o1", had, 3, None)]


@pytest.mark.usefixtures("bought")
async def test_a_debt_that_was_recovered_is_owed_anew_for_the_share_that_paid_it(market: MarketPorts) -> None:
    await transferred(market, "o1")
    await tell(market, "lost")
    for _ in range(REVERSAL_ATTEMPTS):
        for refund in await market.refunds.due(FAR):
            await market.refunds.record_refusal(refund.refund_id, NOON)
    debt = await of(market, payable("ben"))
    await fulfilled(market, "o2", {"tea": 1})
    await market.payouts.release_due(CLOSED)
    assert await claimed_for(market, "ben") == [], "the debt eats it up"
    left = await of(market, payable("ben"))
    assert 0 < left < debt
    await tell(market, "won")
    assert await claimed_for(market, "ben") == [("o2", debt - left, 2, None)]
    await market.payouts.record_transfer("o2", "ben", "tr_o2")
    assert await of(market, payable("ben")) == 0


@pytest.mark.usefixtures("bought")
async def test_a_refund_after_a_second_transfer_is_carried_as_a_debt(market: MarketPorts) -> None:
    had = await lost_and_reversed(market)
    await tell(market, "won")
    await claimed_for(market, "ben")
    await market.payouts.record_transfer("o1", "ben", "tr_again")
    await market.refunds.request("o1", "ben", Money(900, "usd"), "r1", "x")
    await market.refunds.record_paid("r1", "re_1")
    assert await market.refunds.due(FAR) == ()
    assert await of(market, payable("ben")) == had


@pytest.mark.usefixtures("bought")
async def test_a_reversal_that_the_processor_keeps_refusing_is_recovered_from_later_payouts(
    market: MarketPorts,
) -> None:
    await transferred(market, "o1")
    await tell(market, "lost")
    for _ in range(REVERSAL_ATTEMPTS):
        for refund in await market.refunds.due(FAR):
            await market.refunds.record_refusal(refund.refund_id, NOON)
    assert await market.refunds.due(FAR) == ()
    debt = await of(market, payable("ben"))
    assert debt > 0
    await fulfilled(market, "o2", {"tea": 3})
    await market.payouts.release_due(CLOSED)
    [payout] = await market.payouts.claim(CLOSED)
    assert payout.recovered.amount == debt


@pytest.mark.usefixtures("bought")
async def test_nothing_is_reversed_of_a_transfer_that_was_refused(market: MarketPorts) -> None:
    await market.payouts.release_due(CLOSED)
    await market.payouts.claim(CLOSED)
    await tell(market, moved("needs_response"), DisputeMoved(
        dispute_id="du_1", charge_id="ch_o1", amount=Money(TOTAL // 2, "usd"), status="lost", at=NOON
    ))  # fmt: skip
    for seller in ("ada", "ben"):
        await market.payouts.record_refusal("o1", seller, "no capability", CLOSED)
    left = -await of(market, payable("ben"))
    [payout] = [one for one in await market.payouts.claim(FAR) if one.seller_id == "ben"]
    assert (payout.amount.amount, payout.recovered.amount) == (left, 0)
    await market.payouts.record_transfer("o1", "ben", "tr_ben")
    assert await of(market, payable("ben")) == 0
    assert await market.refunds.due(FAR) == ()


@pytest.mark.usefixtures("bought")
async def test_a_refund_that_the_chargeback_has_paid_is_not_paid_again(market: MarketPorts) -> None:
    """It was booked while the bank already had the money: the processor refuses it from then on."""
    before = await of(market, PROCESSOR)
    await tell(market, "needs_response")
    await market.refunds.request("o1", "ben", Money(300, "usd"), "r", "damaged")
    await market.refunds.record_refusal("r", NOON)
    assert len(await market.refunds.due(FAR)) == 1, "the bank may still decide for the platform"
    await tell(market, "lost")
    assert await of(market, LOSSES) == 300
    await market.refunds.record_refusal("r", NOON)
    assert await market.refunds.due(FAR) == ()
    assert (before - await of(market, PROCESSOR), await of(market, LOSSES)) == (TOTAL + FEE, 0)


async def test_news_of_another_charge_say_nothing_and_are_forgotten(market: MarketPorts) -> None:
    await fulfilled(market, "o1", LINES)
    before = await of(market, PROCESSOR)
    other = RefundMade(charge_id="ch", processor_refund_id="re", refund_id=None, amount=Money(1, "usd"))
    await tell(market, moved("lost", charge_id="ch"), other)
    assert await market.inbox.take_waiting(FAR) == 0
    await fulfilled(market, "o2", {"tea": 1})
    assert await of(market, PROCESSOR) == before + 450
    assert await market.payouts.release_due(CLOSED) == 3


async def test_a_dispute_that_comes_before_its_charge_is_recorded_waits_for_it(market: MarketPorts) -> None:
    await confirmed(market, "o1", LINES)
    await tell(market, "needs_response")
    assert await market.inbox.take_waiting(NOON) == 0
    await market.orders.record_capture("o1", "ch_o1")
    await tell(market, "under_review")
    assert await market.inbox.take_waiting(NOON) == 0, "the ledger does not have the money yet"
    await market.orders.record_split("o1")
    assert await market.inbox.take_waiting(NOON) == 2
    assert [one.hold_id for one in await market.holds.of_seller("ben")] == ["chargeback/du_1/ben"]
    assert await of(market, PROCESSOR) == -FEE
    assert await market.inbox.take_waiting(NOON) == 0


@pytest.mark.parametrize("status", ["lost", "refund"])
async def test_what_the_processor_told_too_early_is_booked_once_when_the_charge_is_known(
    market: MarketPorts, status: str
) -> None:
    await confirmed(market, "o1", LINES)
    refund = RefundMade(charge_id="ch_o1", processor_refund_id="re_1", refund_id=None, amount=Money(TOTAL, "usd"))
    news = refund if status == "refund" else moved(status)
    await tell(market, news, news)
    await market.orders.record_capture("o1", "ch_o1")
    await market.orders.record_split("o1")
    taken = await asyncio.gather(*(market.inbox.take_waiting(NOON) for _ in range(3)))
    assert sum(taken) == 2
    await market.orders.mark_fulfilled("o1", NOON, RETURN_WINDOW)
    assert await of(market, PROCESSOR) == (0 if status == "refund" else -FEE)
    assert await market.payouts.release_due(CLOSED) == 0


async def test_news_that_wait_longer_than_any_charge_are_forgotten(market: MarketPorts) -> None:
    await confirmed(market, "o1", LINES)
    await tell(market, "lost")
    await market.inbox.take_waiting(FAR + WAITING)
    await market.orders.record_capture("o1", "ch_o1")
    await market.orders.record_split("o1")
    assert await market.inbox.take_waiting(NOON) == 0


@pytest.mark.parametrize("first", ["the capture", "the dispute"])
async def test_the_capture_and_a_dispute_that_race_end_alike(market: MarketPorts, first: str) -> None:
    """Both at once, each order of arrival: the shares are held, and the ledger has what the processor took."""
    await confirmed(market, "o1", LINES)

    async def record() -> None:
        await market.orders.record_capture("o1", "ch_o1")
        await market.orders.record_split("o1")

    both = [record(), tell(market, "needs_response")]
    await asyncio.gather(*(both if first == "the capture" else reversed(both)))
    await market.inbox.take_waiting(NOON)
    await market.orders.mark_fulfilled("o1", NOON, RETURN_WINDOW)
    assert await market.payouts.release_due(CLOSED) == 0
    assert (await of(market, PROCESSOR), await of(market, DISPUTED)) == (-FEE, TOTAL)
