"""Starting the checkout flow of accepted orders, and starting it again when an order stands still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from commerce.orders import Order, OrderStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """An order whose flow is to be started. `attempt` counts from 1 and belongs in the execution's name.

    `traceparent` is the trace of the request that placed the order, in W3C's format.
    """

    outbox_id: int
    order_id: str
    attempt: int
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """When an order that stands still is started again, and when that is given up.

    `idle` is how long it must stand still before its second dispatch; each further one waits twice as long as the one
    before. A paid order whose money is split only waits for its goods to leave, and that takes longer: there
    `fulfillment_idle` takes the place of `idle`. After `dispatches` in all, the order is given up.
    """

    idle: timedelta
    fulfillment_idle: timedelta
    dispatches: int

    def stands_still(self, order: Order, dispatches: int, untouched: timedelta) -> bool:
        """Whether an order dispatched `dispatches` times and untouched for so long is started again or given up.

        A dispatch by which a waiting order was resumed does not count, and an order that waits does not stand still.

        The SQL of the PostgreSQL outbox repeats this rule to find such orders by an index.
        """
        if order.status.terminal or order.waits_for is not None or dispatches > self.dispatches:
            return False
        waits_for_goods = order.status is OrderStatus.CAPTURED and not order.awaits_split
        idle = self.fulfillment_idle if waits_for_goods else self.idle
        wait: timedelta = idle * 2 ** (dispatches - 1)
        return untouched >= wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Redispatched:
    """How many orders were queued again, and the ids of those given up just now: each is named once."""

    queued: int
    given_up: tuple[str, ...] = ()
