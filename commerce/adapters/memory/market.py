"""The whole order database in memory: the same ports, the same rules, no durability. For tests and trials.

No method awaits anything between reading and writing, so each is as atomic as a transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from commerce.adapters.telemetry import traceparent
from commerce.audit import AuditEntry
from commerce.cases import Case
from commerce.catalog import Offer, Seller
from commerce.chargebacks import Chargeback
from commerce.events import DomainEvent, RecordedEvent
from commerce.fraud import Assessment
from commerce.holds import Hold
from commerce.inventory import available
from commerce.ledger import LedgerConflict, LedgerTransaction
from commerce.money import Money
from commerce.orders import Order, OrderNotFound, SellerOrder
from commerce.payment_news import ChargeNews
from commerce.payouts import Payout
from commerce.refunds import Refund
from commerce.seller_accounts import AccountState
from commerce.shipping import Shipment


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
    withdrawn: set[str] = field(default_factory=set)
    """Ids of offers."""
    orders: dict[str, Order] = field(default_factory=dict)
    touched: dict[str, datetime] = field(default_factory=dict)
    dispatches: dict[str, int] = field(default_factory=dict)
    resumes: dict[str, int] = field(default_factory=dict)
    payment_events: set[str] = field(default_factory=set)
    client_secrets: dict[str, str] = field(default_factory=dict)
    ledger: dict[str, LedgerTransaction] = field(default_factory=dict)
    outbox: dict[int, OutboxRow] = field(default_factory=dict)
    outbox_ids: int = 0
    events: dict[int, EventRow] = field(default_factory=dict)
    event_ids: int = 0
    assessments: dict[str, Assessment] = field(default_factory=dict)
    posted: dict[str, datetime] = field(default_factory=dict)
    shipments: dict[tuple[str, str], Shipment] = field(default_factory=dict)
    accounts: dict[str, AccountState] = field(default_factory=dict)
    holds: list[Hold] = field(default_factory=list)
    payouts: dict[tuple[str, str], Payout] = field(default_factory=dict)
    payouts_due: dict[tuple[str, str], datetime] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    refunds_due: dict[str, datetime] = field(default_factory=dict)
    failed_refunds: dict[str, str] = field(default_factory=dict)
    """Why, by the processor's id: of refunds that nothing was heard of before."""
    chargebacks: dict[str, Chargeback] = field(default_factory=dict)
    waiting_news: dict[str, tuple[ChargeNews, datetime]] = field(default_factory=dict)
    """By the event's id, with the time when it came."""
    assessed_at: dict[str, datetime] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    suspensions: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    audit: list[AuditEntry] = field(default_factory=list)

    @property
    def on_sale(self) -> dict[str, Offer]:
        """The offers that are not withdrawn."""
        return {offer_id: offer for offer_id, offer in self.offers.items() if offer_id not in self.withdrawn}

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
        self.posted.setdefault(transaction.transaction_id, datetime.now(UTC))
        if known != transaction:
            raise LedgerConflict(transaction.transaction_id)
        return known is transaction

    def note(self, entry: AuditEntry | None) -> None:
        """Write an entry of the audit log."""
        if entry is not None:
            self.audit.append(entry)

    def place_hold(self, hold: Hold) -> None:
        """Nothing, if the hold is open already."""
        if not any(one.hold_id == hold.hold_id and one.open for one in self.holds):
            self.holds.append(hold)

    def lift_hold(self, lifted: Hold) -> None:
        """Nothing, if the hold is not open."""
        self.holds[:] = [
            replace(one, lifted_by=lifted.lifted_by, lifted_at=lifted.lifted_at, lift_reason=lifted.lift_reason)
            if one.hold_id == lifted.hold_id and one.open
            else one
            for one in self.holds
        ]

    def paid_order(self, charge_id: str) -> Order | None:
        """The order of a charge, once the ledger has its money."""
        order = next((one for one in self.orders.values() if one.charge_id == charge_id), None)
        return None if order is None or order.awaits_split else order

    def on_hold(self, order_id: str, seller_id: str) -> bool:
        return any(hold.holds(order_id, seller_id) for hold in self.holds)

    def shares(self) -> list[tuple[Order, SellerOrder]]:
        """Every share, the one whose return window closes first in front."""
        shares = [(order, share) for order in self.orders.values() for share in order.sellers]
        return sorted(shares, key=lambda s: (str(s[1].held_until), s[0].order_id, s[1].seller_id))

    def replace_share(self, order_id: str, changed: SellerOrder) -> None:
        order = self.orders[order_id]
        shares = tuple(changed if share.seller_id == changed.seller_id else share for share in order.sellers)
        self.orders[order_id] = replace(order, sellers=shares)

    def owed(self, account: str, currency: str, order_id: str | None = None) -> Money:
        """What the ledger owes on an account, for one order or for all."""
        entries = (
            entry.amount.amount
            for transaction in self.ledger.values()
            if order_id in (None, transaction.order_id)
            for entry in transaction.entries
            if (entry.account, entry.amount.currency) == (account, currency)
        )
        return Money(-sum(entries), currency)

    @property
    def shown(self) -> dict[str, Offer]:
        """What is on sale, of sellers that are not suspended: only this is shown and sold."""
        return {one: offer for one, offer in self.on_sale.items() if offer.seller_id not in self.suspensions}

    def available(self, offer_id: str) -> int:
        return available(self.offers[offer_id], self.orders.values())
