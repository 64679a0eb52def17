"""Any sequence of puts, orders, failures and repetitions: what a buyer wants is in the cart or in an order, never in
both, and the cart in Redis is the one in memory."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Coroutine, Iterator, Set
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from commerce.adapters.memory import MemoryCarts
from commerce.adapters.redis import CacheSettings, RedisCarts, connect
from commerce.cart import Cart
from commerce.ports import Carts

OFFERS = ("lamp", "rug")


class CartMachine(RuleBasedStateMachine):
    """The model: the quantities in the cart, and of every order its lines and whether they were taken or given back."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    stores: ClassVar[tuple[Carts, ...]]
    ids: ClassVar[Iterator[int]] = itertools.count()

    def __init__(self) -> None:
        super().__init__()
        self.buyer = f"buyer-{next(self.ids)}"
        self.wanted: Counter[str] = Counter()
        self.placed: dict[str, Counter[str]] = {}
        self.taken: set[str] = set()
        self.failed: set[str] = set()

    def orders(self, due: Set[str]) -> st.SearchStrategy[str]:
        """Any order, but more often one of those that something is to be done about. The oldest first: sorted by their
        names, `order-10` comes before `order-9`, and the same choices would mean other orders in another example."""
        return st.sampled_from([*self.placed, *3 * [order_id for order_id in self.placed if order_id in due]])

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @rule(offer_id=st.sampled_from(OFFERS), quantity=st.integers(0, 3))
    def put(self, offer_id: str, quantity: int) -> None:
        for carts in self.stores:
            self.run(carts.set_item(self.buyer, offer_id, quantity))
        self.wanted[offer_id] = quantity

    @precondition(lambda self: +self.wanted)
    @rule()
    def order(self) -> None:
        """Accepted, but the cart does not know yet."""
        self.placed[f"order-{next(self.ids)}"] = +self.wanted

    @precondition(lambda self: self.placed)
    @rule(data=st.data())
    def take(self, data: st.DataObject) -> None:
        order_id = data.draw(self.orders(self.placed.keys() - self.taken - self.failed))
        if order_id not in self.taken | self.failed:
            self.taken.add(order_id)
            self.wanted -= self.placed[order_id]  # what is no longer there cannot be taken
        for carts in self.stores:
            cart: Cart = self.run(carts.take(self.buyer, order_id, self.placed[order_id]))
            assert cart.items == +self.wanted

    @precondition(lambda self: self.placed)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        order_id = data.draw(self.orders(self.taken - self.failed))
        if order_id in self.taken - self.failed:
            self.wanted += self.placed[order_id]
        self.failed.add(order_id)
        for carts in self.stores:
            self.run(carts.give_back(self.buyer, order_id, self.placed[order_id]))

    @rule()
    def clear(self) -> None:
        for carts in self.stores:
            self.run(carts.clear(self.buyer))
        self.wanted.clear()

    @invariant()
    def all_carts_hold_what_the_buyer_wants(self) -> None:
        read: list[Cart] = [self.run(carts.get(self.buyer)) for carts in self.stores]
        for cart in read:
            assert cart.items == +self.wanted
            assert bool(cart.revision) is bool(cart.items)
        assert len({cart.ordered for cart in read}) == 1


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_what_a_buyer_wants_is_in_the_cart_or_in_an_order(loop: asyncio.AbstractEventLoop, redis_url: str) -> None:
    client = connect(CacheSettings.from_url(redis_url))
    machine = type("Machine", (CartMachine,), {"loop": loop, "stores": (MemoryCarts(), RedisCarts(client))})
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    finally:
        loop.run_until_complete(client.aclose())
