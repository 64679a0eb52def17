"""The whole order database in memory: the same ports, the same rules, no durability. For tests and trials.

No method awaits anything between reading and writing, so each is as atomic as a transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from commerce.adapters.telemetry import traceparent
from commerce.catalog import Offer, Seller
from commerce.events import DomainEvent, RecordedEvent
from commerce.fraud import Assessment
from commerce.inventory import available
from commerce.ledger import LedgerConflict, LedgerTransaction
from commerce.orders import Order, OrderNotFound


@dataclass(slots=True)
class OutboxRow:
    order_id: str
    attempt: int
    due_at: datetime
    traceparent: str | None


@dataclass(slots=True)
class EventRow:
    recorded: RecordedEvent
    due_at: datetime


@dataclass(slots=True)
class MemoryMarket:
    """What the tables hold. Give one to `MemoryOrders`, `MemoryOffers`, `MemoryLedger`, `MemoryOutbox`, ..."""

    sellers: dict[str, Seller] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    touched: dict[str, datetime] = field(default_factory=dict)
    dispatches: dict[str, int] = field(default_factory=dict)
    resumes: dict[str, int] = field(default_factory=dict)
    client_secrets: dict[str, str] = field(default_factory=dict)
    ledger: dict[str, LedgerTransaction] = field(default_factory=dict)
    outbox: dict[int, OutboxRow] = field(default_factory=dict)
    outbox_ids: int = 0
    events: dict[int, EventRow] = field(default_factory=dict)
    event_ids: int = 0
    assessments: dict[str, Assessment] = field(default_factory=dict)

    def order(self, order_id: str) -> Order:
        """Raises OrderNotFound."""
        if order_id not in self.orders:
            raise OrderNotFound(order_id)
        return self.orders[order_id]

    def save(self, order: Order) -> None:
        self.orders[order.order_id] = order
        self.touched[order.order_id] = datetime.now(UTC)

    def enqueue(self, order_id: str, attempt: int) -> None:
        self.outbox_ids += 1
        self.dispatches[order_id] = attempt
        self.outbox[self.outbox_ids] = OutboxRow(
            order_id=order_id, attempt=attempt, due_at=datetime.now(UTC), traceparent=traceparent()
        )

    def record(self, *events: DomainEvent) -> None:
        now = datetime.now(UTC)
        for event in events:
            self.event_ids += 1
            dated = replace(event, occurred_at=event.occurred_at or now)
            recorded = RecordedEvent(event_id=self.event_ids, event=dated, traceparent=traceparent())
            self.events[self.event_ids] = EventRow(recorded=recorded, due_at=now)

    def enqueue_resumed(self, order_id: str) -> None:
        self.resumes[order_id] = self.resumes.get(order_id, 0) + 1
        self.enqueue(order_id, self.dispatches[order_id] + 1)

    def counted(self, order_id: str) -> int:
        """The dispatches of an order without those by which it was resumed."""
        return self.dispatches[order_id] - self.resumes.get(order_id, 0)

    def post(self, transaction: LedgerTransaction) -> bool:
        """Raises LedgerConflict."""
        if not transaction.entries:
            return False
        known = self.ledger.setdefault(transaction.transaction_id, transaction)
        if known != transaction:
            raise LedgerConflict(transaction.transaction_id)
        return known is transaction

    def available(self, offer_id: str) -> int:
        return available(self.offers[offer_id], self.orders.values())
