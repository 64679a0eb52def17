"""What the stores do for sellers, in memory and in PostgreSQL: their sales, their money, and how they are paid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from commerce_samples import (
    NOON,
    RETURN_WINDOW,
    MarketPorts,
    account_state,
    checkout,
    fulfilled,
    hold,
    offer,
    open_accounts,
    stock_up,
)

from commerce.catalog import Seller
from commerce.errors import InvalidRequest
from commerce.events import EventType
from commerce.holds import HoldNotFound, ShareAlreadyPaid, manual_hold_id
from commerce.ledger import (
    COMMISSION,
    PROCESSOR,
    held,
    payable,
    refund_transaction,
    reversal_transaction,
)
from commerce.money import Money
from commerce.orders import IllegalTransition, OrderNotFound
from commerce.payouts import LEASE, RETRY_REFUSED_AFTER
from commerce.seller_accounts import SellerNotRegistered
from commerce.statements import Balance

CLOSES = NOON + RETURN_WINDOW
LONG_AGO, NEVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
async def market(market: MarketPorts) -> MarketPorts:
    await stock_up(market.offers)
    return market


async def shipped(market: MarketPorts, order_id: str = "o1", seller_id: str = "ada") -> None:
    await market.sales.ship(seller_id, order_id, carrier="DHL", tracking="123", now=NOON)


async def refunded(market: MarketPorts, order_id: str, amount: int, *, released: bool = True) -> None:
    share = (await market.orders.get(order_id)).sellers[0]
    refund = refund_transaction(
        order_id, share, f"re_{order_id}", Money(amount, "usd"), released=released, commission_returned=False
    )
    await market.ledger.post(refund)


async def told(market: MarketPorts, *kinds: EventType) -> list[tuple[str, object]]:
    events = [one.event for one in await market.events.take(100, timedelta(minutes=1))]
    return [(event.type, event.data["seller_id"]) for event in events if event.type in kinds]


async def test_a_share_goes_from_held_to_released_to_transferred_in_the_ledger(market: MarketPorts) -> None:
    await open_accounts(market)
    await fulfilled(market, "o1", {"lamp": 1, "tea": 2})
    assert await market.payouts.release_due(CLOSES - timedelta(seconds=1)) == 0
    assert await market.ledger.balance(held("ada")) == {"usd": -1749}
    both = await market.ledger.balance(held("ben"))
    assert await market.payouts.held() == 1749 - both["usd"] > 1749
    assert await market.payouts.release_due(CLOSES) == 2
    assert await market.payouts.held() == 0
    assert await market.payouts.release_due(CLOSES) == 0
    assert await market.ledger.balance(payable("ada")) == {"usd": -1749}
    due = await market.payouts.claim(CLOSES)
    assert [(d.seller_id, d.amount.amount, d.recovered.amount, d.account_id, d.source_charge) for d in due] == [
        ("ada", 1749, 0, "acct_ada", "ch_o1"),
        ("ben", 788, 0, "acct_ben", "ch_o1"),
    ]
    for _ in range(2):
        for share in due:
            await market.payouts.record_transfer("o1", share.seller_id, f"tr_{share.seller_id}")
    assert await market.payouts.claim(CLOSES + timedelta(days=1)) == ()
    assert await market.ledger.balance(PROCESSOR) == {"usd": 250 + 112}
    assert await market.ledger.balance(COMMISSION) == {"usd": -250 - 112}
    assert await market.ledger.totals() == {"usd": 0}
    kinds = (EventType.SHARE_RELEASED, EventType.PAYOUT_SENT)
    assert await told(market, *kinds) == [(kind, seller) for kind in kinds for seller in ("ada", "ben")]


async def test_a_seller_is_never_paid_by_a_second_transfer(market: MarketPorts) -> None:
    await open_accounts(market)
    await fulfilled(market, "o1", {"lamp": 1})
    await market.payouts.release_due(CLOSES)
    with pytest.raises(OrderNotFound):
        await market.payouts.record_transfer("o1", "ada", "tr_early")
    await market.payouts.claim(CLOSES)
    await market.payouts.record_transfer("o1", "ada", "tr_1")
    with pytest.raises(IllegalTransition):
        await market.payouts.record_transfer("o1", "ada", "tr_2")
    with pytest.raises(OrderNotFound):
        await market.payouts.record_transfer("o1", "ben", "tr_3")


async def test_a_claim_is_one_workers_until_its_lease_is_over(market: MarketPorts) -> None:
    await open_accounts(market)
    await fulfilled(market, "o1", {"lamp": 1})
    await market.payouts.release_due(CLOSES)
    [claimed] = await market.payouts.claim(CLOSES)
    assert await market.payouts.claim(CLOSES + LEASE - timedelta(seconds=1)) == ()
    assert await market.payouts.claim(CLOSES + LEASE) == (claimed,)


async def test_a_transfer_that_was_refused_is_tried_again_later_as_another_attempt(market: MarketPorts) -> None:
    await open_accounts(market)
    await fulfilled(market, "o1", {"lamp": 1})
    await market.payouts.release_due(CLOSES)
    await market.payouts.claim(CLOSES)
    await market.payouts.record_refusal("o1", "ada", "no capability", CLOSES)
    assert await market.payouts.claim(CLOSES + RETRY_REFUSED_AFTER - timedelta(seconds=1)) == ()
    [again] = await market.payouts.claim(CLOSES + RETRY_REFUSED_AFTER)
    assert (again.attempt, again.amount.amount, again.refusal) == (2, 1749, "no capability")


async def test_a_seller_whose_account_takes_no_transfers_waits_and_is_told_why(market: MarketPorts) -> None:
    await market.offers.put_seller(Seller(seller_id="new", display_name="New"))
    await market.offers.put(offer("kite", "new", 100, 1))
    await fulfilled(market, "o1", {"kite": 1})
    await market.payouts.release_due(CLOSES)
    assert await market.payouts.claim(CLOSES) == ()
    waiting = await market.accounts.attach("new", "acct_new")
    assert "has not confirmed" in (waiting.waits_for or "")
    assert await market.accounts.record(account_state("acct_new", "inactive"))
    assert await market.payouts.claim(CLOSES) == ()
    waiting = await market.accounts.get("new") or waiting
    assert "transfers: inactive" in (waiting.waits_for or "")
    assert "external_account" in (waiting.waits_for or "")
    assert await market.accounts.record(account_state("acct_new", at=NOON + timedelta(seconds=1)))
    assert (await market.accounts.get("new") or waiting).waits_for is None
    assert [payout.seller_id for payout in await market.payouts.claim(CLOSES)] == ["new"]


async def test_a_share_without_a_net_is_settled_without_a_transfer(market: MarketPorts) -> None:
    await open_accounts(market)
    await market.orders.accept(checkout("o1", {"tea": 1}, basis_points=10_000))
    await market.orders.record_authorization("o1", "pi")
    await market.orders.confirm_stock("o1")
    await market.orders.record_capture("o1", "ch")
    await market.orders.record_split("o1")
    await market.orders.mark_fulfilled("o1", NOON, RETURN_WINDOW)
    assert await market.payouts.release_due(CLOSES) == 1
    assert await market.payouts.claim(CLOSES) == ()
    [settled] = (await market.payouts.of_seller("ben", 10)).items
    assert (settled.state, settled.amount.amount, settled.transfer_id) == ("settled", 0, None)


async def test_a_refund_before_the_release_leaves_less_to_release(market: MarketPorts) -> None:
    await open_accounts(market)
    await fulfilled(market, "o1", {"lamp": 1})
    await refunded(market, "o1", 749, released=False)
    await market.payouts.release_due(CLOSES)
    [payout] = await market.payouts.claim(CLOSES)
    assert payout.amount.amount == 1000
    assert await market.ledger.balance(held("ada")) == {"usd": 0}


async def test_what_a_seller_owes_is_recovered_from_its_next_shares_first(market: MarketPorts) -> None:
    await open_accounts(market)
    await fulfilled(market, "o1", {"lamp": 1})
    await market.payouts.release_due(CLOSES)
    await market.payouts.claim(CLOSES)
    await market.payouts.record_transfer("o1", "ada", "tr_1")
    await refunded(market, "o1", 1999)
    assert (await market.statements.balance("ada", NOON))[0].owed == 1999
    for order_id in ("o2", "o3", "o4"):
        await fulfilled(market, order_id, {"lamp": 1})
    await market.payouts.release_due(CLOSES)
    payouts = await market.payouts.claim(CLOSES)
    listed = (await market.payouts.of_seller("ada", 10)).items
    assert {one.order_id: (one.amount.amount, one.recovered.amount) for one in listed} == {
        "o1": (1749, 0),
        "o2": (0, 1749),
        "o3": (1749 - 250, 250),
        "o4": (1749, 0),
    }
    for one in payouts:
        await market.payouts.record_transfer(one.order_id, "ada", f"tr_{one.order_id}")
    assert await market.ledger.balance(payable("ada")) == {"usd": 0}


async def test_a_reversal_that_brings_the_money_back_leaves_no_debt(market: MarketPorts) -> None:
    await open_accounts(market)
    await fulfilled(market, "o1", {"lamp": 1})
    await fulfilled(market, "o2", {"lamp": 1})
    await market.payouts.release_due(CLOSES)
    for one in await market.payouts.claim(CLOSES, 1):
        await market.payouts.record_transfer(one.order_id, "ada", "tr_1")
    await refunded(market, "o1", 1999)
    await market.ledger.post(reversal_transaction("o1", "ada", "re_o1", Money(1999, "usd")))
    [rest] = await market.payouts.claim(CLOSES)
    assert (rest.amount.amount, rest.recovered.amount) == (1749, 0)


async def test_a_held_back_share_is_neither_released_nor_paid_until_it_is_let_go(market: MarketPorts) -> None:
    await open_accounts(market)
    await fulfilled(market, "o1", {"lamp": 1})
    await fulfilled(market, "o2", {"lamp": 1})
    placed = await market.holds.place(hold())
    assert await market.holds.place(hold()) == placed
    assert await market.holds.of_seller("ada") == (placed,)
    assert await market.payouts.release_due(CLOSES) == 1
    await market.holds.place(hold("o2"))
    assert await market.payouts.claim(CLOSES) == ()
    lifted = await market.holds.lift("ada", manual_hold_id("o2", "ada"), by="sam", reason="It came", now=CLOSES)
    assert (lifted.open, lifted.lifted_by, lifted.lift_reason) == (False, "sam", "It came")
    assert [one.order_id for one in await market.payouts.claim(CLOSES)] == ["o2"]
    with pytest.raises(ShareAlreadyPaid):
        await market.holds.place(hold("o2"))
    with pytest.raises(HoldNotFound):
        await market.holds.lift("ada", manual_hold_id("o2", "ada"), by="sam", reason="again", now=CLOSES)
    with pytest.raises(HoldNotFound):
        await market.holds.lift("ben", manual_hold_id("o1", "ada"), by="sam", reason="not his", now=CLOSES)
    with pytest.raises(OrderNotFound):
        await market.holds.place(hold("o1", "ben"))


async def test_a_hold_on_a_seller_holds_everything_of_it_and_nothing_of_others(market: MarketPorts) -> None:
    await open_accounts(market)
    await fulfilled(market, "o1", {"lamp": 1, "tea": 1})
    await market.holds.place(hold(None))
    await market.holds.place(hold())
    assert await market.payouts.release_due(CLOSES) == 1
    assert [one.seller_id for one in await market.payouts.claim(CLOSES)] == ["ben"]
    await market.holds.lift("ada", "manual/all/ada", by="sam", reason="cleared", now=CLOSES)
    assert await market.payouts.release_due(CLOSES) == 0
    await market.holds.lift("ada", manual_hold_id("o1", "ada"), by="sam", reason="cleared", now=CLOSES)
    assert await market.payouts.release_due(CLOSES) == 1


async def test_the_delivery_opens_the_return_window(market: MarketPorts) -> None:
    await fulfilled(market, "o1", {"lamp": 1, "tea": 1})
    await shipped(market)
    delivered = NOON + timedelta(days=2)
    for _ in range(2):
        sale = await market.sales.deliver("ada", "o1", now=delivered, return_window=RETURN_WINDOW)
        assert sale.share.held_until == delivered + RETURN_WINDOW
        delivered += timedelta(0)
    assert await market.payouts.release_due(delivered + RETURN_WINDOW - timedelta(seconds=1)) == 1  # Ben's
    assert await market.payouts.release_due(delivered + RETURN_WINDOW) == 1
    order = await market.orders.get("o1")
    assert [share.held_until for share in order.sellers] == [delivered + RETURN_WINDOW, CLOSES]
    assert await told(market, EventType.SALE_SHIPPED, EventType.SALE_DELIVERED) == [
        (EventType.SALE_SHIPPED, "ada"),
        (EventType.SALE_DELIVERED, "ada"),
    ]


async def test_a_late_report_of_a_delivery_does_not_hold_a_released_share_again(market: MarketPorts) -> None:
    await fulfilled(market, "o1", {"lamp": 1})
    await shipped(market)
    await market.payouts.release_due(CLOSES)
    sale = await market.sales.deliver("ada", "o1", now=CLOSES, return_window=RETURN_WINDOW)
    assert (sale.share.state, sale.share.held_until) == ("released", CLOSES)


async def test_only_what_is_paid_is_shipped_and_only_what_is_shipped_is_delivered(market: MarketPorts) -> None:
    await market.orders.accept(checkout("o1", {"lamp": 1}))
    with pytest.raises(IllegalTransition, match="shipping"):
        await shipped(market)
    await fulfilled(market, "o2", {"lamp": 1})
    with pytest.raises(IllegalTransition, match="not shipped yet"):
        await market.sales.deliver("ada", "o2", now=NOON, return_window=RETURN_WINDOW)
    await shipped(market, "o2")
    corrected = await market.sales.ship("ada", "o2", carrier="UPS", tracking="9", now=NOON + timedelta(hours=1))
    assert corrected.shipment is not None
    assert (corrected.shipment.carrier, corrected.shipment.shipped_at) == ("UPS", NOON)
    await market.sales.deliver("ada", "o2", now=NOON, return_window=RETURN_WINDOW)
    with pytest.raises(IllegalTransition, match="delivered"):
        await shipped(market, "o2")


async def test_a_seller_sees_its_own_part_of_an_order_and_nothing_else(market: MarketPorts) -> None:
    await fulfilled(market, "o1", {"lamp": 1, "rug": 1, "tea": 2})
    ada, ben = await market.sales.get("ada", "o1"), await market.sales.get("ben", "o1")
    assert [line.offer_id for line in ada.lines] == ["lamp", "rug"]
    assert (ben.share.gross.amount, [line.quantity for line in ben.lines]) == (900, [2])
    with pytest.raises(OrderNotFound):
        await market.sales.get("cleo", "o1")
    await fulfilled(market, "o2", {"tea": 1})
    for refused in (market.sales.get("ada", "o2"), market.sales.get("ada", "o3")):
        with pytest.raises(OrderNotFound):
            await refused
    with pytest.raises(OrderNotFound):
        await shipped(market, "o2", "ada")


async def test_sales_and_payouts_are_paged_from_the_latest_to_the_first(market: MarketPorts) -> None:
    await open_accounts(market)
    for number in range(5):
        await fulfilled(market, f"o{number}", {"tea": 1})
    pages, cursor = [], None
    while True:
        page = await market.sales.page("ben", 2, cursor)
        pages.append([sale.order_id for sale in page.items])
        cursor = page.next_cursor
        if cursor is None:
            break
    assert pages == [["o4", "o3"], ["o2", "o1"], ["o0"]]
    assert (await market.sales.page("ada", 2)).items == ()
    await market.payouts.release_due(CLOSES)
    await market.payouts.claim(CLOSES)
    first = await market.payouts.of_seller("ben", 3)
    rest = await market.payouts.of_seller("ben", 3, first.next_cursor)
    assert [one.order_id for one in (*first.items, *rest.items)] == ["o4", "o3", "o2", "o1", "o0"]
    assert rest.next_cursor is None
    for foreign in ("?", "bm90LWEtY3Vyc29y"):
        with pytest.raises(InvalidRequest, match="cursor"):
            await market.sales.page("ben", 2, foreign)


async def test_a_balance_says_what_is_held_payable_stopped_and_owed(market: MarketPorts) -> None:
    await open_accounts(market)
    assert await market.statements.balance("ada", NOON) == ()
    for number in range(3):
        await fulfilled(market, f"o{number}", {"lamp": 1}, NOON + timedelta(days=number))
    assert await market.statements.balance("ada", CLOSES) == (Balance(currency="usd", held=3 * 1749, releasable=1749),)
    await market.payouts.release_due(CLOSES)
    await market.holds.place(hold("o2"))
    await market.payouts.claim(CLOSES)
    assert await market.statements.balance("ada", CLOSES + timedelta(days=9)) == (
        Balance(currency="usd", held=2 * 1749, releasable=1749, payable=1749, on_the_way=1749, stopped=1749),
    )


async def test_a_statement_adds_up_to_the_cent_from_period_to_period(market: MarketPorts) -> None:
    await open_accounts(market)
    await fulfilled(market, "o1", {"lamp": 1})
    await market.payouts.release_due(CLOSES)
    await market.payouts.claim(CLOSES)
    await market.payouts.record_transfer("o1", "ada", "tr_1")
    await fulfilled(market, "o2", {"rug": 1})
    await refunded(market, "o1", 100)
    whole = await market.statements.statement("ada", LONG_AGO, NEVER)
    [usd] = whole.currencies
    assert usd.opening == 0
    assert usd.totals == {"capture": 1749 + 13126, "refund": -100, "transfer": -1749}
    assert usd.opening + sum(usd.totals.values()) == usd.closing == 13126 - 100
    assert (usd.held, usd.transferred) == (13126, 1749)
    assert [one.transfer_id for one in whole.entries if one.kind == "transfer"] == ["tr_1"]
    middle = whole.entries[2].posted_at
    before = await market.statements.statement("ada", LONG_AGO, middle)
    after = await market.statements.statement("ada", middle, NEVER)
    closings = [one.closing for one in before.currencies] or [0]
    assert closings == [one.opening for one in after.currencies]
    assert after.currencies[0].closing == usd.closing
    assert (await market.statements.statement("nobody", LONG_AGO, NEVER)).entries == ()
    with pytest.raises(InvalidRequest, match="period"):
        await market.statements.statement("ada", NEVER, LONG_AGO)


async def test_news_of_an_account_count_whatever_order_they_come_in(market: MarketPorts) -> None:
    newer, older = account_state("acct_ada", at=NOON), account_state("acct_ada", "inactive", NOON - timedelta(hours=1))
    assert await market.accounts.record(newer)
    assert not await market.accounts.record(older)
    known = await market.accounts.get("ada")
    assert known is not None
    assert known.state == newer


async def test_a_seller_has_one_account_whatever_is_attached_later(market: MarketPorts) -> None:
    await market.offers.put_seller(Seller(seller_id="new", display_name="New"))
    await market.accounts.require_registered("new")
    assert await market.accounts.get("new") is None
    assert (await market.accounts.attach("new", "acct_1")).account_id == "acct_1"
    assert (await market.accounts.attach("new", "acct_2")).account_id == "acct_1"
    for refused in (market.accounts.attach("nobody", "acct_3"), market.accounts.require_registered("nobody")):
        with pytest.raises(SellerNotRegistered):
            await refused


async def test_accounts_that_are_not_ready_are_asked_for_again(market: MarketPorts) -> None:
    assert await market.accounts.unconfirmed(NOON) == ("acct_ada", "acct_ben")
    await market.accounts.record(account_state("acct_ada"))
    await market.accounts.record(account_state("acct_ben", "pending"))
    assert await market.accounts.unconfirmed(NOON) == ()
    assert await market.accounts.unconfirmed(NOON + timedelta(seconds=1)) == ("acct_ben",)
