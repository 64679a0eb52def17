"""Any sequence of checkouts, cancellations, refunds, chargebacks, holds, deliveries, payouts, crashes and repetitions:
the books stay right, and at rest they are the payment processor's to the cent."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from bank import CHALLENGED, DECLINED, Bank
from commerce_samples import (
    RETURN_WINDOW,
    MarketPorts,
    account_state,
    checkout,
    empty,
    hold,
    memory_market,
    postgres_market,
    stock_up,
)
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from commerce.adapters.memory import MemoryCarts, MemoryStockGate
from commerce.adapters.postgres import DatabaseSettings, connect_pool
from commerce.errors import MarketplaceError
from commerce.fraud import Decision
from commerce.inventory import SoldOut
from commerce.ledger import DISPUTED, FEES, PROCESSOR, held, payable
from commerce.money import Money
from commerce.orders import IllegalTransition, OrderStatus, SellerOrderState, StopReason, TooLateToStop
from commerce.payment_news import News, Notice
from commerce.payments import PaymentRefused
from commerce.refunds import RefundState, RefundTooLarge
from functions.checkout.saga import CHECKOUT
from functions.checkout.steps import CheckoutSteps
from functions.payouts.news import TakeWaitingNews
from functions.payouts.refunds import RefundDue
from functions.payouts.transfers import ReleaseDue, TransferDue

UNDO = [compensation.name for compensation in CHECKOUT.compensations]
SELLERS = ("ada", "ben")
STOCK = 4
NEVER = 10_000


class CrashError(Exception):
    """The process died."""


@dataclass
class Crash:
    """Dies at the `at`-th call of any port, before the call is made or after it took effect."""

    at: int = NEVER
    after: bool = False
    calls: int = 0

    def around(self, port: Any) -> Any:
        return _Crashing(port, self)


class _Crashing:
    def __init__(self, port: Any, crash: Crash) -> None:
        self._port, self._crash = port, crash

    def __getattr__(self, name: str) -> Any:
        async def call(*args: Any, **arguments: Any) -> Any:
            self._crash.calls += 1
            due = self._crash.calls == self._crash.at
            if due and not self._crash.after:
                raise CrashError
            result = await getattr(self._port, name)(*args, **arguments)
            if due:
                raise CrashError
            return result

        return call


class Allowed:
    """Fraud is tested elsewhere."""

    async def assess(self, order: Any) -> Any:
        return SimpleNamespace(outcome=Decision.ALLOW)

    async def cleared(self, order_id: str) -> bool:
        return True


@dataclass
class World:
    """The stores under test, and the loop that they live on."""

    loop: asyncio.AbstractEventLoop
    open: Callable[[], Coroutine[Any, Any, MarketPorts]]
    """An empty market."""
    ids: Iterator[int] = field(default_factory=itertools.count)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)


CRASHES = st.builds(Crash, at=st.one_of(st.just(NEVER), st.integers(1, 9)), after=st.booleans())


class MoneyMachine(RuleBasedStateMachine):
    """The model is the bank's own books, and when each share may go. The rest is asked of the stores."""

    world: ClassVar[World]

    @initialize()
    def open_shop(self) -> None:
        self.market: MarketPorts = self.run(self.world.open())
        self.bank = Bank(about_to_pay=self.may_be_paid)
        self.carts, self.gate = MemoryCarts(), MemoryStockGate()
        self.now = datetime.now(UTC) + timedelta(hours=1)
        self.orders: list[str] = []
        self.refunds = 0
        self.delivered: list[tuple[str, News]] = []
        self.claimed: set[tuple[str, str]] = set()
        self.paid: set[tuple[str, str]] = set()
        self.won_back = False
        self.closes: dict[tuple[str, str], datetime] = {}
        self.nets: dict[tuple[str, str], int] = {}
        self.run(stock_up(self.market.offers, STOCK))
        self.run(self.gate.seed(dict.fromkeys(("lamp", "rug", "tea"), STOCK)))
        for seller in SELLERS:
            self.run(self.market.accounts.record(account_state(f"acct_{seller}")))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.world.run(work)

    # What buyers do.

    @rule(
        lines=st.dictionaries(st.sampled_from(["lamp", "rug", "tea"]), st.integers(1, 2), min_size=1),
        card=st.sampled_from(["pm_card_visa", "pm_card_visa", "pm_card_visa", CHALLENGED, DECLINED]),
        crash=CRASHES,
    )
    def check_out(self, lines: dict[str, int], card: str, crash: Crash) -> None:
        order_id = f"order-{next(self.world.ids)}"
        placed = checkout(order_id, lines)
        try:
            self.run(self.gate.reserve(order_id, lines, timedelta(days=999)))
            self.run(self.market.orders.accept(type(placed)(**{**_members(placed), "payment_method": card})))
        except SoldOut:
            self.run(self.gate.release(order_id))
            return
        self.orders.append(order_id)
        self.saga(order_id, crash)

    @rule(lines=st.dictionaries(st.sampled_from(["lamp", "tea"]), st.just(1), min_size=1), crash=CRASHES)
    def a_sale_is_paid_out(self, lines: dict[str, int], crash: Crash) -> None:
        """Most of what can go wrong goes wrong after that."""
        before = len(self.orders)
        self.check_out(lines=lines, card="pm_card_visa", crash=Crash())
        if len(self.orders) > before:
            self.run(self.market.orders.mark_fulfilled(self.orders[-1], self.now, RETURN_WINDOW))
            self.note_when_shares_may_go(self.orders[-1])
            self.now += RETURN_WINDOW
            self.round(crash)

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), crash=CRASHES)
    def run_the_saga_again(self, data: st.DataObject, crash: Crash) -> None:
        self.saga(data.draw(st.sampled_from(self.orders)), crash)

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order_id = data.draw(st.sampled_from(self.orders))
        with suppress(TooLateToStop):
            self.run(self.market.orders.stop(order_id, StopReason.CANCELED, "buyer"))

    @precondition(lambda self: self.challenged())
    @rule(data=st.data(), passed=st.booleans())
    def answer_the_bank(self, data: st.DataObject, passed: bool) -> None:
        self.bank.authenticate(data.draw(st.sampled_from(self.challenged())), passed=passed)

    # What sellers and staff do.

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def fulfill(self, data: st.DataObject) -> None:
        order_id = data.draw(st.sampled_from(self.orders))
        with suppress(IllegalTransition):
            self.run(self.market.orders.mark_fulfilled(order_id, self.now, RETURN_WINDOW))
        self.note_when_shares_may_go(order_id)

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), seller=st.sampled_from(SELLERS))
    def ship_and_deliver(self, data: st.DataObject, seller: str) -> None:
        order_id, sales = data.draw(st.sampled_from(self.orders)), self.market.sales
        with suppress(MarketplaceError):
            self.run(sales.ship(seller, order_id, carrier="DHL", tracking="1", now=self.now))
            self.run(sales.deliver(seller, order_id, now=self.now, return_window=RETURN_WINDOW))
        self.note_when_shares_may_go(order_id)

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), seller=st.sampled_from(SELLERS), part=st.sampled_from([1, 2, 3]))
    def refund(self, data: st.DataObject, seller: str, part: int) -> None:
        order = self.run(self.market.orders.get(data.draw(st.sampled_from(self.orders))))
        for share in order.sellers:
            if share.seller_id == seller:
                self.refunds += 1
                amount = Money(max(1, share.gross.amount // part), "usd")
                with suppress(IllegalTransition, RefundTooLarge):
                    self.run(
                        self.market.refunds.request(
                            order.order_id, seller, amount, f"{order.order_id}-{self.refunds}", "x"
                        )
                    )

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), seller=st.sampled_from(SELLERS), place=st.booleans())
    def hold_or_let_go(self, data: st.DataObject, seller: str, place: bool) -> None:
        order_id, holds = data.draw(st.sampled_from([*self.orders, None])), self.market.holds
        by_hand = hold(order_id, seller)
        with suppress(MarketplaceError):
            if place:
                self.run(holds.place(by_hand))
            else:
                self.run(holds.lift(seller, by_hand.hold_id, by="sam", reason="it came", now=self.now))

    @rule(seller=st.sampled_from(SELLERS))
    def a_seller_takes_its_money_to_its_bank(self, seller: str) -> None:
        self.bank.withdraw(f"acct_{seller}")

    @rule(seller=st.sampled_from(SELLERS), active=st.booleans())
    def the_processor_closes_or_opens_an_account_and_tells_nothing(self, seller: str, active: bool) -> None:
        (self.bank.inactive.discard if active else self.bank.inactive.add)(f"acct_{seller}")

    # What banks and the processor do.

    @precondition(lambda self: self.bank.disputable())
    @rule(data=st.data(), part=st.sampled_from([1, 1, 3]), at_once=st.booleans())
    def a_bank_disputes(self, data: st.DataObject, part: int, at_once: bool) -> None:
        """The latest charge first: it may not even be recorded yet."""
        charge_id = data.draw(st.sampled_from(self.bank.disputable()[::-1]))
        self.bank.begin_dispute(charge_id, max(1, self.bank.charges[charge_id].left // part))
        if at_once:
            self.delivered.append((f"evt_{next(self.world.ids)}", self.bank.news.pop()))
            self.tell(*self.delivered[-1])

    @precondition(lambda self: self.bank.undecided())
    @rule(data=st.data(), won=st.booleans())
    def a_bank_decides(self, data: st.DataObject, won: bool) -> None:
        self.bank.decide(data.draw(st.sampled_from(self.bank.undecided())), won=won)

    @precondition(lambda self: self.bank.lost())
    @rule(data=st.data())
    def a_bank_changes_its_mind(self, data: st.DataObject) -> None:
        charge_id = data.draw(st.sampled_from(self.bank.lost()))
        self.bank.change_its_mind(charge_id)
        self.won_back = True

    @precondition(lambda self: self.bank.charges)
    @rule(data=st.data(), part=st.sampled_from([1, 3]))
    def somebody_refunds_in_the_dashboard(self, data: st.DataObject, part: int) -> None:
        charge_id = data.draw(st.sampled_from(list(self.bank.charges)))
        with suppress(PaymentRefused):
            self.bank.refund_by_hand(charge_id, max(1, self.bank.charges[charge_id].amount // part))

    @precondition(lambda self: self.bank.news)
    @rule(data=st.data())
    def an_event_arrives(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.bank.news) - 1))
        self.delivered.append((f"evt_{next(self.world.ids)}", self.bank.news.pop(number)))
        self.tell(*self.delivered[-1])

    @precondition(lambda self: self.delivered)
    @rule(data=st.data(), same=st.booleans())
    def an_event_arrives_again(self, data: st.DataObject, same: bool) -> None:
        """The same event, or a second one that tells the same."""
        event_id, news = data.draw(st.sampled_from(self.delivered))
        self.tell(event_id if same else f"evt_{next(self.world.ids)}", news)

    # What time does.

    @rule(days=st.sampled_from([0, 1, 15]), crash=CRASHES)
    def a_payout_round(self, days: int, crash: Crash) -> None:
        self.now += timedelta(days=days)
        self.round(crash)

    @invariant()
    def the_books_balance_and_no_stock_is_negative(self) -> None:
        if not hasattr(self, "market"):
            return
        assert set(self.run(self.market.ledger.totals()).values()) <= {0}
        listings = self.run(self.market.offers.get(["lamp", "rug", "tea"]))
        sold = dict.fromkeys(listings, 0)
        for order_id in self.orders:
            order = self.run(self.market.orders.get(order_id))
            if order.stock == "confirmed":
                for offer_id, units in order.quantities.items():
                    sold[offer_id] += units
        assert {one: listing.offer.stock + sold[one] for one, listing in listings.items()} == dict.fromkeys(sold, STOCK)

    def teardown(self) -> None:
        if hasattr(self, "market"):
            self.come_to_rest()
            self.everything_agrees()

    def come_to_rest(self) -> None:
        """Everybody does what is left to do, and no process dies."""
        self.bank.inactive.clear()
        for order_id in (*self.orders, *self.orders):  # the second time with the answers to challenges
            self.saga(order_id, Crash())
            if order_id in self.challenged():
                self.bank.authenticate(order_id, passed=True)
        for order_id in self.orders:
            with suppress(IllegalTransition):
                self.run(self.market.orders.mark_fulfilled(order_id, self.now, RETURN_WINDOW))
            self.note_when_shares_may_go(order_id)
        for number, charge_id in enumerate(self.bank.undecided()):
            self.bank.decide(charge_id, won=bool(number % 2))
        for _ in range(12):
            while self.bank.news:
                self.tell(f"evt_{next(self.world.ids)}", self.bank.news.pop())
            for seller in SELLERS:
                for one in self.run(self.market.holds.of_seller(seller)):
                    if one.hold_id.startswith("manual/"):
                        self.run(self.market.holds.lift(seller, one.hold_id, by="sam", reason="x", now=self.now))
            self.now += timedelta(days=15)
            self.round(Crash())

    def everything_agrees(self) -> None:
        for order_id in self.orders:
            order = self.run(self.market.orders.get(order_id))
            assert order.status in (OrderStatus.FULFILLED, OrderStatus.FAILED), "an order was lost"
            charge = self.bank.charges.get(f"ch_{order_id}")
            assert (charge is not None) is (order.status is OrderStatus.FULFILLED)
            assert charge is None or charge.amount == order.total.amount
            ended = (SellerOrderState.RELEASED, SellerOrderState.REFUNDED, SellerOrderState.CANCELED)
            assert all(share.state in ended for share in order.sellers)
            if charge is None:
                assert self.bank.intents.get(f"pi_{order_id}") in (None, "canceled")
        for refund in self.run(self.market.refunds.due(self.now + timedelta(days=999))):
            assert refund.state is RefundState.REQUESTED, "a reversal is made, or given up"
            charge = self.bank.charges[f"ch_{refund.order_id}"]
            assert charge.left < refund.amount.amount or charge.dispute is not None
        open_refunds = self.run(self.market.refunds.due(self.now + timedelta(days=999)))
        refused = sum(one.amount.amount for one in open_refunds)
        assert self.of(PROCESSOR) + refused == self.bank.balance
        assert self.of(FEES) == self.bank.fees
        assert self.of(DISPUTED) == 0
        for seller in SELLERS:
            assert self.of(held(seller)) == 0
            assert self.of(payable(seller)) >= 0, "the seller is owed something that nobody will pay"
            statement = self.run(
                self.market.statements.statement(
                    seller, datetime.now(UTC) - timedelta(days=9), datetime.now(UTC) + timedelta(1)
                )
            )
            moved = sum(one.transferred for one in statement.currencies)
            assert moved == self.bank.paid_to(f"acct_{seller}")

    # How it is done.

    def saga(self, order_id: str, crash: Crash) -> None:
        steps = CheckoutSteps(
            orders=crash.around(self.market.orders),
            carts=self.carts,
            offers=self.market.offers,
            gate=self.gate,
            payments=crash.around(self.bank),
            fraud=Allowed(),  # type: ignore[arg-type]
        )
        with suppress(CrashError, IllegalTransition):
            self.run(_flow(steps, order_id))

    def round(self, crash: Crash) -> None:
        payouts, bank = crash.around(self.market.payouts), crash.around(self.bank)
        claims = _Claims(self, payouts)
        with suppress(CrashError):
            self.run(TakeWaitingNews(crash.around(self.market.inbox))(datetime.now(UTC)))
            self.run(ReleaseDue(payouts)(self.now))
            self.run(TransferDue(claims, bank)(self.now))  # type: ignore[arg-type]
            self.run(RefundDue(crash.around(self.market.refunds), bank)(self.now))

    def tell(self, event_id: str, news: News) -> None:
        self.run(self.market.inbox.take(Notice(event_id=event_id, type="t", news=news)))

    def challenged(self) -> list[str]:
        waiting = (one for one in self.orders if self.bank.intents.get(f"pi_{one}") == "requires_action")
        return list(waiting)

    def note_when_shares_may_go(self, order_id: str) -> None:
        for share in self.run(self.market.orders.get(order_id)).sellers:
            if share.held_until is not None:
                self.closes[order_id, share.seller_id] = share.held_until
                self.nets[order_id, share.seller_id] = share.net.amount

    def may_be_paid(self, order_id: str, seller_id: str, amount: int) -> None:
        """A second time only when a bank has changed its mind, and never more in all than the share."""
        key = (order_id, seller_id)
        assert key not in self.paid or self.won_back, "a seller was paid twice"
        assert self.bank.paid_for(key) + amount <= self.nets[key], "a seller has more than its share"
        assert self.closes[key] <= self.now, "a seller was paid early"
        assert key in self.claimed
        self.paid.add(key)

    def of(self, account: str) -> int:
        return int(self.run(self.market.ledger.balance(account)).get("usd", 0))


class _Claims:
    """The payouts, whose claims the machine looks at. One whose answer was lost is seen when it is claimed again."""

    def __init__(self, machine: MoneyMachine, payouts: Any) -> None:
        self._machine, self._payouts = machine, payouts
        self.record_transfer, self.record_refusal = payouts.record_transfer, payouts.record_refusal

    async def claim(self, now: datetime, limit: int = 100) -> Any:
        machine = self._machine
        free = {
            (order_id, seller)
            for order_id in machine.orders
            for seller in SELLERS
            if not [one for one in await machine.market.holds.of_seller(seller) if one.order_id in (None, order_id)]
        }
        claimed = await self._attempted(now, limit)
        keys = {(one.order_id, one.seller_id) for one in claimed}
        assert keys <= free | machine.claimed, "a share on hold was claimed"
        machine.claimed |= keys
        return claimed

    async def _attempted(self, now: datetime, limit: int) -> Any:
        try:
            return await self._payouts.claim(now, limit)
        except CrashError:
            for seller in SELLERS:
                page = await self._machine.market.payouts.of_seller(seller, 1_000)
                self._machine.claimed |= {(one.order_id, seller) for one in page.items if one.state == "claimed"}
            raise


async def _flow(steps: CheckoutSteps, order_id: str) -> None:
    """What the workflow does: forward, or from a refusal through the compensations that it names."""
    for step in CHECKOUT.steps:
        if error := await steps.run(step.name, order_id):
            start = next(one.compensate_from for one in step.refusals if one.error == error)
            for compensation in UNDO[UNDO.index(start) :] if start else ():
                await steps.run(compensation, order_id, error)
            return


def _members(placed: Any) -> dict[str, Any]:
    return {name: getattr(placed, name) for name in type(placed).__dataclass_fields__}


def run_machine(world: World, *, examples: int, steps: int) -> None:
    machine = type("Machine", (MoneyMachine,), {"world": world})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_no_sequence_of_events_makes_or_loses_money_in_memory(loop: asyncio.AbstractEventLoop) -> None:
    async def open_market() -> MarketPorts:
        return memory_market()

    run_machine(World(loop=loop, open=open_market), examples=40, steps=40)


def test_no_sequence_of_events_makes_or_loses_money_in_postgresql(
    loop: asyncio.AbstractEventLoop, market_dsn: str
) -> None:
    pool = loop.run_until_complete(connect_pool(DatabaseSettings.from_dsn(market_dsn), 1, 2))

    async def open_market() -> MarketPorts:
        await empty(pool)
        return postgres_market(pool)

    try:
        run_machine(World(loop=loop, open=open_market), examples=5, steps=25)
    finally:
        loop.run_until_complete(pool.close())
