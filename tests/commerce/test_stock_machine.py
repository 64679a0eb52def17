"""Any sequence of sales, failures, crashes and lost caches: no unit is sold twice, and the books stay right."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from commerce_samples import NOON, RETURN_WINDOW, MarketPorts, checkout, memory_market, offer, postgres_market
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

from commerce.adapters.memory import MemoryStockGate
from commerce.adapters.postgres import DatabaseSettings, connect_pool, migrate
from commerce.adapters.redis import CacheSettings, RedisStockGate, connect
from commerce.catalog import OfferChange, OfferChanged, Seller
from commerce.errors import InvalidRequest
from commerce.inventory import SoldOut
from commerce.money import Money
from commerce.orders import IllegalTransition, OrderNotFound, OrderStatus
from commerce.ports import StockGate
from commerce.stock_keeping import StockKeeper

TTL = timedelta(minutes=10)
RESERVED, EXPIRED, UNDONE, FAILED = "reserved", "reservation lost", "undone, not released", "failed"


@dataclass
class World:
    """The stores under test, and the loop that they live on. The stock keeper asks the authority whenever the gate
    refuses, so that a run of the machine can be repeated."""

    loop: asyncio.AbstractEventLoop
    market: MarketPorts
    gate: StockGate
    clock: list[datetime]
    lose_cache: Any
    ids: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.keeper = StockKeeper(gate=self.gate, offers=self.market.offers, recheck_seconds=0)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)


class StockMachine(RuleBasedStateMachine):
    """The model: what every order bought, how far it got, and whether the gate still knows it (`known`).

    `exact` while the gate must agree with the authority to the unit; `flawless` while it has always agreed.
    """

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[str, dict[str, int]] = {}
        self.phase: dict[str, str] = {}
        self.known: set[str] = set()
        self.consumed: set[str] = set()
        self.exact = self.flawless = True

    @initialize(lamp=st.integers(0, 6), tea=st.integers(0, 6))
    def open_shop(self, lamp: int, tea: int) -> None:
        run, market, number = self.world.run, self.world.market, next(self.world.ids)
        run(self.world.lose_cache())
        self.lamp, self.tea = f"lamp-{number}", f"tea-{number}"
        self.initial = {self.lamp: lamp, self.tea: tea}
        run(market.offers.put_seller(Seller(seller_id="ada", display_name="Ada")))
        for offer_id, stock in self.initial.items():
            run(market.offers.put(offer(offer_id, "ada", 100, stock)))

    @rule(lamp=st.integers(0, 3), tea=st.integers(0, 3))
    def put_through_the_gate(self, lamp: int, tea: int) -> None:
        lines = {offer_id: units for offer_id, units in ((self.lamp, lamp), (self.tea, tea)) if units}
        if not lines:
            return
        order_id, free = f"order-{next(self.world.ids)}", self.free()
        short = [o for o, units in lines.items() if free[o] < units]
        counters = self.world.run(self.world.gate.available(list(lines)))
        if any(counters.get(o, units) < units and self.orderable(o) > counters[o] for o, units in lines.items()):
            self.counters_are_rebuilt()
        try:
            self.world.run(self.world.keeper.reserve(order_id, lines, TTL))
        except SoldOut as refusal:
            if self.exact:
                assert set(refusal.offer_ids) == set(short)
        else:
            assert not self.exact or not short
            self.lines[order_id], self.phase[order_id] = lines, RESERVED
            self.known.add(order_id)

    @precondition(lambda self: self.in_phase(RESERVED, EXPIRED))
    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        order_id = data.draw(st.sampled_from(self.in_phase(RESERVED, EXPIRED)))
        left = self.left()
        try:
            self.world.run(self.world.market.orders.accept(checkout(order_id, self.lines[order_id])))
        except SoldOut as refusal:
            assert set(refusal.offer_ids) == {o for o, units in self.lines[order_id].items() if left[o] < units}
            # An order whose reservation was lost may find its units sold: the gate let others in rightly.
            assert not self.flawless or self.phase[order_id] == EXPIRED, "the gate let in more than there was"
            self.release(order_id)
            return
        self.world.run(self.world.market.orders.record_authorization(order_id, f"pi_{order_id}"))
        if self.phase[order_id] == EXPIRED:
            self.exact = self.flawless = False
        self.phase[order_id] = OrderStatus.AUTHORIZED

    @precondition(lambda self: self.in_phase(RESERVED))
    @rule(data=st.data())
    def give_up_before_ordering(self, data: st.DataObject) -> None:
        self.phase[order_id := data.draw(st.sampled_from(self.in_phase(RESERVED)))] = UNDONE
        self.release(order_id)

    @precondition(lambda self: self.in_phase(OrderStatus.AUTHORIZED))
    @rule(data=st.data(), crash=st.booleans())
    def confirm(self, data: st.DataObject, crash: bool) -> None:
        order_id = data.draw(st.sampled_from(self.in_phase(OrderStatus.AUTHORIZED)))
        left = self.left()
        try:
            self.world.run(self.world.market.orders.confirm_stock(order_id))
        except SoldOut as refusal:
            assert set(refusal.offer_ids) == {o for o, units in self.lines[order_id].items() if left[o] < units}
            assert not self.flawless, "the gate let in more than there was"
        else:
            self.phase[order_id] = OrderStatus.CONFIRMED
            if not crash:
                self.consume(order_id)

    @precondition(lambda self: self.in_phase(OrderStatus.AUTHORIZED, OrderStatus.CONFIRMED))
    @rule(data=st.data(), crash=st.booleans())
    def undo(self, data: st.DataObject, crash: bool) -> None:
        order_id = data.draw(st.sampled_from(self.in_phase(OrderStatus.AUTHORIZED, OrderStatus.CONFIRMED)))
        self.world.run(self.world.market.orders.fail(order_id, "payment_declined"))
        if order_id in self.known:
            self.phase[order_id] = UNDONE
        else:  # the gate has forgotten what it should give back
            self.phase[order_id], self.exact, self.flawless = FAILED, False, False
        if not crash:
            self.release(order_id)

    @rule(change=st.integers(-3, 3), stale=st.booleans())
    def the_seller_changes_the_stock(self, change: int, stale: bool) -> None:
        left = self.left()[self.lamp]
        expected = left + 1 if stale else left
        wish = OfferChange(stock=change, expected_stock=expected)
        try:
            self.world.run(self.world.market.offers.change(self.lamp, "Lamp", Money(100, "usd"), wish))
        except OfferChanged:
            assert stale
        except InvalidRequest:
            assert left + change < 0
        else:
            assert not stale
            self.initial[self.lamp] += change
            # The gate hears of it late: it refuses too much after a rise, and lets in too much after a fall.
            self.exact = self.exact and change == 0
            self.flawless = self.flawless and change >= 0

    @precondition(lambda self: self.in_phase(UNDONE, FAILED))
    @rule(data=st.data())
    def release_late_or_again(self, data: st.DataObject) -> None:
        self.release(data.draw(st.sampled_from(self.in_phase(UNDONE, FAILED))))

    @precondition(lambda self: self.in_phase(OrderStatus.CONFIRMED))
    @rule(data=st.data())
    def capture(self, data: st.DataObject) -> None:
        order_id, orders = data.draw(st.sampled_from(self.in_phase(OrderStatus.CONFIRMED))), self.world.market.orders
        self.world.run(orders.record_capture(order_id, f"ch_{order_id}"))
        self.world.run(orders.record_split(order_id))
        self.world.run(orders.mark_fulfilled(order_id, NOON, RETURN_WINDOW))
        self.phase[order_id] = OrderStatus.FULFILLED

    @precondition(lambda self: self.lines)
    @rule(data=st.data(), step=st.sampled_from(["confirm_stock", "restore_stock", "record_split"]))
    def a_late_repetition_of_a_step(self, data: st.DataObject, step: str) -> None:
        order_id = data.draw(st.sampled_from(list(self.lines)))
        phase = self.phase[order_id]
        if phase == OrderStatus.AUTHORIZED or (phase == OrderStatus.CONFIRMED and step == "restore_stock"):
            return
        try:
            self.world.run(getattr(self.world.market.orders, step)(order_id))
        except IllegalTransition:
            assert phase != OrderStatus.FULFILLED or step == "restore_stock"
        except OrderNotFound:
            assert phase in (RESERVED, EXPIRED, UNDONE, FAILED)  # it never became an order

    @rule()
    def reservations_expire(self) -> None:
        self.world.clock[0] += TTL
        spared = {OrderStatus.AUTHORIZED, OrderStatus.CONFIRMED, OrderStatus.FULFILLED}
        for order_id in self.known - self.consumed:
            if self.phase[order_id] in spared:
                self.consumed.add(order_id)
        self.world.run(self.world.keeper.sweep(self.world.clock[0]))
        self.forget(self.known - self.consumed)

    @rule()
    def the_cache_is_lost(self) -> None:
        self.world.run(self.world.lose_cache())
        self.forget(set(self.known))

    @rule()
    def reconcile(self) -> None:
        self.world.run(self.world.keeper.reconcile(list(self.initial)))
        self.exact = True
        self.counters_are_rebuilt()

    @invariant()
    def no_unit_is_sold_twice(self) -> None:
        if not hasattr(self, "initial"):
            return
        listings = self.world.run(self.world.market.offers.get(list(self.initial)))
        for offer_id, initial in self.initial.items():
            assert 0 <= self.sold(offer_id) <= initial
            assert listings[offer_id].offer.stock == initial - self.sold(offer_id)
        assert set(self.world.run(self.world.market.ledger.totals()).values()) <= {0}

    @invariant()
    def the_gate_agrees_with_the_authority_to_the_unit(self) -> None:
        if self.exact and hasattr(self, "initial"):
            free = self.free()
            for offer_id, units in self.world.run(self.world.gate.available(list(self.initial))).items():
                assert units == free[offer_id]

    def counters_are_rebuilt(self) -> None:
        """A rebuild gives the units of a sale back, and its release, still to come, gives them back again."""
        if self.consumed & set(self.in_phase(UNDONE)):
            self.exact = self.flawless = False

    def consume(self, order_id: str) -> None:
        self.world.run(self.world.gate.consume(order_id))
        if order_id in self.known:
            self.consumed.add(order_id)

    def release(self, order_id: str) -> None:
        self.world.run(self.world.gate.release(order_id))
        self.known.discard(order_id)
        self.consumed.discard(order_id)
        self.phase[order_id] = FAILED

    def forget(self, order_ids: set[str]) -> None:
        """The gate no longer knows these: nobody waits for their units any more, unless they are orders."""
        for order_id in order_ids:
            if self.phase[order_id] == RESERVED:
                self.phase[order_id] = EXPIRED
            elif self.phase[order_id] == UNDONE:
                self.phase[order_id] = FAILED
        self.known -= order_ids
        self.consumed -= order_ids

    def in_phase(self, *phases: str) -> list[str]:
        # The oldest first: sorted by their names, `order-10` would come before `order-9`, but only in some examples.
        return [order_id for order_id, phase in self.phase.items() if phase in phases]

    def units(self, offer_id: str, *phases: str) -> int:
        return sum(self.lines[order_id].get(offer_id, 0) for order_id in self.in_phase(*phases))

    def sold(self, offer_id: str) -> int:
        return self.units(offer_id, OrderStatus.CONFIRMED, OrderStatus.FULFILLED)

    def orderable(self, offer_id: str) -> int:
        """Units that the authority would still accept orders for."""
        ordered = (OrderStatus.AUTHORIZED, OrderStatus.CONFIRMED, OrderStatus.FULFILLED)
        return self.initial[offer_id] - self.units(offer_id, *ordered)

    def left(self) -> dict[str, int]:
        return {offer_id: initial - self.sold(offer_id) for offer_id, initial in self.initial.items()}

    def free(self) -> dict[str, int]:
        """Units that are neither bought, ordered nor reserved, as far as the gate can know."""
        taken = (RESERVED, OrderStatus.AUTHORIZED, OrderStatus.CONFIRMED, OrderStatus.FULFILLED, UNDONE)
        return {offer_id: initial - self.units(offer_id, *taken) for offer_id, initial in self.initial.items()}


def run_machine(world: World, *, examples: int, steps: int) -> None:
    machine = type("Machine", (StockMachine,), {"world": world})
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


def test_no_sequence_of_events_sells_a_unit_twice_in_memory(loop: asyncio.AbstractEventLoop) -> None:
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    gate = MemoryStockGate(lambda: clock[0])

    async def lose_cache() -> None:
        gate.lose_everything()

    world = World(loop=loop, market=memory_market(), gate=gate, clock=clock, lose_cache=lose_cache)
    run_machine(world, examples=60, steps=40)


def test_no_sequence_of_events_sells_a_unit_twice_in_redis_and_postgresql(
    loop: asyncio.AbstractEventLoop, postgres_dsn: str, redis_url: str
) -> None:
    async def open_stores() -> tuple[Any, Any]:
        pool = await connect_pool(DatabaseSettings.from_dsn(postgres_dsn), 1, 2)
        async with pool.acquire() as connection:
            await migrate(connection)
        return pool, connect(CacheSettings.from_url(redis_url))

    pool, client = loop.run_until_complete(open_stores())
    clock = [datetime(2026, 1, 1, tzinfo=UTC)]
    world = World(
        loop=loop,
        market=postgres_market(pool),
        gate=RedisStockGate(client, lambda: clock[0]),
        clock=clock,
        lose_cache=client.flushall,
    )
    try:
        run_machine(world, examples=15, steps=30)
    finally:
        loop.run_until_complete(client.aclose())
        loop.run_until_complete(pool.close())
