"""A small marketplace to test with: two sellers, three offers, and the steps of a sale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

from commerce.adapters.memory import (
    MemoryEventLog,
    MemoryHolds,
    MemoryLedger,
    MemoryMarket,
    MemoryOffers,
    MemoryOrders,
    MemoryOutbox,
    MemoryPaymentInbox,
    MemoryPayouts,
    MemoryRefunds,
    MemorySales,
    MemorySellerAccounts,
    MemoryStatements,
)
from commerce.adapters.postgres import (
    PostgresEventLog,
    PostgresHolds,
    PostgresLedger,
    PostgresOffers,
    PostgresOrders,
    PostgresOutbox,
    PostgresPaymentInbox,
    PostgresPayouts,
    PostgresRefunds,
    PostgresSales,
    PostgresSellerAccounts,
    PostgresStatements,
)
from commerce.catalog import Offer, Seller
from commerce.holds import Hold, manual_hold_id
from commerce.money import Money
from commerce.orders import Checkout
from commerce.ports import (
    EventLog,
    Holds,
    Ledger,
    Offers,
    Orders,
    Outbox,
    PaymentInbox,
    Payouts,
    Refunds,
    Sales,
    SellerAccounts,
    Statements,
)
from commerce.seller_accounts import AccountState

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RETURN_WINDOW = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class MarketPorts:
    orders: Orders
    offers: Offers
    payouts: Payouts
    ledger: Ledger
    outbox: Outbox
    inbox: PaymentInbox
    events: EventLog
    sales: Sales
    holds: Holds
    accounts: SellerAccounts
    statements: Statements
    refunds: Refunds


def memory_market(market: MemoryMarket | None = None) -> MarketPorts:
    market = market or MemoryMarket()
    return MarketPorts(
        orders=MemoryOrders(market),
        offers=MemoryOffers(market),
        payouts=MemoryPayouts(market),
        ledger=MemoryLedger(market),
        outbox=MemoryOutbox(market),
        inbox=MemoryPaymentInbox(market),
        events=MemoryEventLog(market),
        sales=MemorySales(market),
        holds=MemoryHolds(market),
        accounts=MemorySellerAccounts(market),
        statements=MemoryStatements(market),
        refunds=MemoryRefunds(market, commission_returned=True),
    )


def postgres_market(pool: asyncpg.Pool) -> MarketPorts:
    return MarketPorts(
        orders=PostgresOrders(pool),
        offers=PostgresOffers(pool),
        payouts=PostgresPayouts(pool),
        ledger=PostgresLedger(pool),
        outbox=PostgresOutbox(pool),
        inbox=PostgresPaymentInbox(pool),
        events=PostgresEventLog(pool),
        sales=PostgresSales(pool),
        holds=PostgresHolds(pool),
        accounts=PostgresSellerAccounts(pool),
        statements=PostgresStatements(pool),
        refunds=PostgresRefunds(pool, commission_returned=True),
    )


async def empty(pool: asyncpg.Pool) -> None:
    """The ledger refuses to be emptied; only the superuser of a test server can switch its triggers off. Deleting a
    few rows is faster than truncating the tables."""
    await pool.execute(
        "SET session_replication_role = replica;"
        "DELETE FROM authentications; DELETE FROM waiting_news; DELETE FROM payment_events;"
        "DELETE FROM refunds; DELETE FROM failed_refunds; DELETE FROM chargebacks;"
        "DELETE FROM fraud_assessments;"
        "DELETE FROM case_messages; DELETE FROM cases; DELETE FROM audit_log;"
        "DELETE FROM seller_orders; DELETE FROM order_lines; DELETE FROM outbox;"
        "DELETE FROM shipments; DELETE FROM payouts; DELETE FROM holds; DELETE FROM connected_accounts;"
        "DELETE FROM orders; DELETE FROM events; DELETE FROM import_errors; DELETE FROM imports;"
        "DELETE FROM offers; DELETE FROM sellers;"
        "DELETE FROM ledger_entries; DELETE FROM ledger_transactions;"
        "DELETE FROM product_affinities; DELETE FROM product_signals;"
        "UPDATE recommendation_progress SET accepted_at = '-infinity', order_id = '';"
        "SET session_replication_role = origin"
    )


def offer(offer_id: str, seller_id: str, price: int, stock: int, *, currency: str = "usd") -> Offer:
    return Offer(
        offer_id=offer_id,
        seller_id=seller_id,
        product_id=f"product-of-{offer_id}",
        title=offer_id.title(),
        unit_price=Money(price, currency),
        stock=stock,
    )


async def stock_up(offers: Offers, stock: int = 5) -> None:
    """Ada sells a lamp (19.99) and a rug (150.01), Ben sells tea (4.50)."""
    await offers.put_seller(Seller(seller_id="ada", display_name="Ada's House", account_id="acct_ada"))
    await offers.put_seller(Seller(seller_id="ben", display_name="Ben's Tea", account_id="acct_ben"))
    await offers.put(offer("lamp", "ada", 1999, stock))
    await offers.put(offer("rug", "ada", 15001, stock))
    await offers.put(offer("tea", "ben", 450, stock))


async def forget_events(events: EventLog) -> None:
    """Setting up tells events too: a test that counts its own begins without them."""
    while told := await events.take(100, timedelta(minutes=1)):
        await events.done([recorded.event_id for recorded in told])


def account_state(account_id: str, transfers: str = "active", at: datetime = NOON) -> AccountState:
    return AccountState(
        account_id=account_id,
        as_of=at,
        transfers=transfers,
        card_payments=transfers,
        payouts_enabled=transfers == "active",
        details_submitted=True,
        due=() if transfers == "active" else ("external_account",),
    )


async def open_accounts(market: MarketPorts) -> None:
    """Ada's and Ben's accounts take transfers."""
    for account_id in ("acct_ada", "acct_ben"):
        await market.accounts.record(account_state(account_id))


def hold(order_id: str | None = "o1", seller_id: str = "ada") -> Hold:
    """A hold by hand, on one share or on everything of a seller."""
    return Hold(
        hold_id=manual_hold_id(order_id or "all", seller_id),
        seller_id=seller_id,
        order_id=order_id,
        reason="The buyer says that it never came",
        placed_by="sam",
        placed_at=NOON,
    )


def checkout(
    order_id: str,
    lines: Mapping[str, int],
    *,
    buyer_id: str = "buyer",
    expected_total: int | None = None,
    basis_points: int = 1250,
    cart_revision: str | None = None,
) -> Checkout:
    return Checkout(
        order_id=order_id,
        buyer_id=buyer_id,
        lines=lines,
        payment_method="pm_card_visa",
        currency="usd",
        commission_basis_points=basis_points,
        expected_total=expected_total,
        cart_revision=cart_revision,
    )


async def confirmed(market: MarketPorts, order_id: str, lines: Mapping[str, int]) -> None:
    await market.orders.accept(checkout(order_id, lines))
    await market.orders.record_authorization(order_id, f"pi_{order_id}")
    await market.orders.confirm_stock(order_id)


async def fulfilled(market: MarketPorts, order_id: str, lines: Mapping[str, int], at: datetime = NOON) -> None:
    await confirmed(market, order_id, lines)
    await market.orders.record_capture(order_id, f"ch_{order_id}")
    await market.orders.record_split(order_id)
    await market.orders.mark_fulfilled(order_id, at, RETURN_WINDOW)


async def stock_of(market: MarketPorts, offer_id: str) -> int:
    return (await market.offers.get([offer_id]))[offer_id].offer.stock
