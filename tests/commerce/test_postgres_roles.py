"""Every workload's database role can do its own work, and nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from commerce_samples import (
    NOON,
    RETURN_WINDOW,
    MarketPorts,
    account_state,
    checkout,
    confirmed,
    hold,
    postgres_market,
    stock_up,
)

from commerce.adapters.database_access import Access
from commerce.adapters.postgres import DatabaseSettings, connect_pool, grant_roles
from commerce.adapters.postgres.roles import RIGHTS
from commerce.catalog import OfferChange
from commerce.errors import InvalidRequest
from commerce.money import Money
from commerce.orders import WaitsFor
from commerce.payment_news import AccountChanged, DisputeMoved, Notice, RefundFailed, RefundMade

# How the stack's links ask for them.
WORKLOADS: Mapping[str, Access] = dict.fromkeys(
    (
        "catalog",
        "catalog-import",
        "checkout",
        "checkout-saga",
        "dispute",
        "order-processor",
        "payment-webhook",
        "payouts",
        "seller",
    ),
    "reads-writes",
)


@pytest.fixture
async def owner(orders_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(orders_dsn)
    await grant_roles(connection, WORKLOADS)
    yield connection
    await connection.close()


@asynccontextmanager
async def market_of(orders_dsn: str, role: str) -> AsyncIterator[MarketPorts]:
    settings = DatabaseSettings.from_dsn(orders_dsn).model_copy(update={"user": role})
    pool = await connect_pool(settings, 1, 2)
    try:
        yield postgres_market(pool)
    finally:
        await pool.close()


@asynccontextmanager
async def signed_in_as(orders_dsn: str, role: str) -> AsyncIterator[asyncpg.Connection]:
    settings = DatabaseSettings.from_dsn(orders_dsn)
    connection = await asyncpg.connect(host=settings.host, port=settings.port, database=settings.database, user=role)
    try:
        yield connection
    finally:
        await connection.close()


async def test_the_roles_make_a_whole_sale_together(owner: asyncpg.Connection, orders_dsn: str) -> None:
    async with (
        market_of(orders_dsn, "catalog") as catalog,
        market_of(orders_dsn, "checkout") as service,
        market_of(orders_dsn, "checkout-saga") as saga,
        market_of(orders_dsn, "order-processor") as processor,
    ):
        for _ in range(2):
            await stock_up(catalog.offers)
        await catalog.offers.change("lamp", "Lamp", Money(1999, "usd"), OfferChange())
        await catalog.offers.rename("product-of-lamp", "Lantern")
        await catalog.offers.listings(["product-of-lamp"])

        for order_id in ("o1", "o2"):
            await service.orders.accept(checkout(order_id, {"lamp": 1, "tea": 1}, cart_revision=order_id))
        await service.orders.accept(checkout("o1", {"lamp": 1}))
        await saga.orders.wait_for_buyer("o1", "pi_o1", "secret", NOON)
        assert await service.orders.client_secret("o1", "buyer") == "secret"
        await service.orders.resume("o1", WaitsFor.BUYER)
        await saga.orders.wait_for_buyer("o2", "pi_o2", "secret", NOON)
        assert await service.orders.stop_overdue(NOON) == ("o2",)
        await service.offers.snapshot(await service.offers.ids("", 10), ["o1"])
        await service.orders.page(9, None, "buyer")
        await service.events.done([one.event_id for one in await service.events.take(5, timedelta(minutes=1))])
        await service.outbox.done([one.outbox_id for one in await service.outbox.take(5, timedelta(minutes=1))])

        for order_id in ("o1", "o2"):
            await saga.orders.record_authorization(order_id, f"pi_{order_id}")
            if order_id == "o1":
                await saga.orders.confirm_stock(order_id)
        await saga.offers.snapshot(["lamp"], ["o1"])
        await saga.orders.record_capture("o1", "ch_o1")
        for _ in range(2):
            await saga.orders.record_split("o1")
        await saga.orders.fail("o2", "payment_declined")

        await processor.orders.mark_fulfilled("o1", NOON, RETURN_WINDOW)
        assert (await service.orders.get("o1")).status == "fulfilled"

    async with market_of(orders_dsn, "seller") as sellers, market_of(orders_dsn, "payouts") as payouts:
        assert await sellers.accounts.record(account_state("acct_ada"), "ada")
        assert await payouts.accounts.record(account_state("acct_ben"))
        assert await payouts.accounts.unconfirmed(NOON) == ()
        await sellers.sales.ship("ada", "o1", carrier="DHL", tracking="1", now=NOON)
        await sellers.sales.deliver("ada", "o1", now=NOON, return_window=RETURN_WINDOW)
        await sellers.holds.place(hold("o1", "ben"))
        assert await payouts.payouts.release_due(NOON + RETURN_WINDOW) == 1
        await sellers.holds.lift("ben", "manual/o1/ben", by="sam", reason="it came", now=NOON)
        assert await payouts.payouts.release_due(NOON + RETURN_WINDOW) == 1
        assert len(await payouts.payouts.claim(NOON + RETURN_WINDOW)) == 2
        await payouts.payouts.record_transfer("o1", "ada", "tr_1")
        await payouts.payouts.record_refusal("o1", "ben", "no capability", NOON)
        assert [one.state for one in (await sellers.payouts.of_seller("ada", 5)).items] == ["sent"]
        assert (await sellers.statements.statement("ada", NOON - RETURN_WINDOW, datetime.now(UTC))).entries
        assert await sellers.statements.balance("ben", NOON)

    async with market_of(orders_dsn, "dispute") as staff, market_of(orders_dsn, "payment-webhook") as webhook:
        news = (
            RefundFailed(processor_refund_id="re_1", refund_id="r", reason="closed account"),
            RefundMade(charge_id="ch_o1", processor_refund_id="re_2", refund_id=None, amount=Money(9, "usd")),
            RefundFailed(processor_refund_id="re_2", refund_id=None, reason="closed account"),
            RefundFailed(processor_refund_id="re_3", refund_id=None, reason="closed account"),
            AccountChanged(state=account_state("acct_ben")),
            DisputeMoved(dispute_id="du", charge_id="ch_o1", amount=Money(9, "usd"), status="needs_response", at=NOON),
            DisputeMoved(dispute_id="du", charge_id="ch_o1", amount=Money(9, "usd"), status="lost", at=NOON, fee=1500),
        )
        assert await staff.refunds.request("o1", "ada", Money(5, "usd"), "r", "damaged")
        for number, one in enumerate(news):
            assert await webhook.inbox.take(Notice(event_id=f"evt_{number}", type="t", news=one))
        assert await staff.refunds.request("o1", "ada", Money(5, "usd"), "r", "damaged")
        async with market_of(orders_dsn, "payouts") as payouts:
            for due in await payouts.refunds.due(datetime.now(UTC)):
                await payouts.refunds.record_paid(due.refund_id, "re_4")
                await payouts.refunds.record_reversed(due.refund_id, "trr_1")
            assert await payouts.refunds.due(datetime.now(UTC)) == ()


async def test_the_payouts_take_up_what_the_webhook_was_told_too_early(
    owner: asyncpg.Connection, orders_dsn: str
) -> None:
    pool = await connect_pool(DatabaseSettings.from_dsn(orders_dsn), 1, 2)
    market = postgres_market(pool)
    await stock_up(market.offers)
    await confirmed(market, "early", {"tea": 2})
    taken = {"withdrawn": 900, "fee": 1500, "movements": 1}
    news = (
        DisputeMoved(dispute_id="du2", charge_id="ch_early", amount=Money(900, "usd"), status="open", at=NOON, **taken),
        DisputeMoved(dispute_id="du2", charge_id="ch_early", amount=Money(900, "usd"), status="lost", at=NOON, **taken),
        RefundMade(charge_id="ch_early", processor_refund_id="re_9", refund_id=None, amount=Money(9, "usd")),
    )
    async with market_of(orders_dsn, "payment-webhook") as webhook:
        for number, one in enumerate(news):
            assert await webhook.inbox.take(Notice(event_id=f"early_{number}", type="t", news=one))
    await market.orders.record_capture("early", "ch_early")
    await market.orders.record_split("early")
    await market.refunds.request("early", "ben", Money(5, "usd"), "r5", "damaged")
    async with market_of(orders_dsn, "payouts") as payouts:
        assert await payouts.inbox.take_waiting(datetime.now(UTC)) == len(news)
        await payouts.refunds.record_refusal("r5", datetime.now(UTC))
    assert (await market.ledger.balance("seller:ben:held"))["usd"] == 0
    await pool.close()


# What one role does, and every other is refused: a representative of each write of each role.
ORDER = "INSERT INTO orders (order_id, buyer_id, currency, total, payment_method) VALUES ('x', 'b', 'usd', 1, 'pm')"
PAID = (
    "INSERT INTO orders (order_id, buyer_id, currency, total, payment_method, status, payment_intent_id, charge_id) "
    "VALUES ('x', 'b', 'usd', 1, 'pm', 'captured', 'pi', 'ch')"
)
OFFER = (
    "INSERT INTO offers (offer_id, seller_id, product_id, title, unit_price, currency, stock) "
    "VALUES ('o', 's', 'p', 't', 1, 'usd', 1)"
)
REFUNDED = """
INSERT INTO refunds (refund_id, order_id, seller_id, amount, reversal, reason) VALUES ('r', 'o', 's', 1, 0, 'x')
"""
WAITING = "INSERT INTO waiting_news (event_id, charge_id, news) VALUES ('e', 'c', '{}')"
AUDITED = (
    "INSERT INTO audit_log (happened_at, actor_id, role, action, subject_type, subject_id, reason, before, after) "
    "VALUES (now(), 'a', 'admin', 'x', 'y', 'z', '', '{}', '{}')"
)
POSTED = "INSERT INTO ledger_transactions (transaction_id, order_id, entries) VALUES ('t', 'o', 2)"


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("INSERT INTO sellers (seller_id, display_name) VALUES ('s', 'S')", {"catalog"}),
        ("UPDATE sellers SET account_id = 'mine'", {"catalog", "seller"}),
        (OFFER, {"catalog", "catalog-import"}),
        ("UPDATE offers SET unit_price = 1", {"catalog", "catalog-import"}),
        ("UPDATE offers SET stock = 1", {"catalog", "catalog-import", "checkout-saga"}),
        ("UPDATE offers SET seller_id = 'me'", set()),
        ("UPDATE offers SET withdrawn_at = now()", {"catalog", "catalog-import"}),
        ("UPDATE offers SET declared_stock = 1", {"catalog-import"}),
        ("INSERT INTO imports (import_id, seller_id, format) VALUES ('i', 's', 'csv')", {"catalog"}),
        ("UPDATE imports SET offset_bytes = 0, failed = 0, state = 'running'", {"catalog-import"}),
        ("UPDATE imports SET seller_id = 'me'", set()),
        ("INSERT INTO import_errors (import_id, line, code, message) VALUES ('i', 1, 'c', 'm')", {"catalog-import"}),
        ("DELETE FROM imports", set()),
        (ORDER, {"checkout"}),
        (PAID, set()),
        ("UPDATE orders SET status = 'fulfilled'", {"checkout-saga", "order-processor"}),
        ("UPDATE orders SET charge_id = 'ch'", {"checkout-saga"}),
        ("UPDATE orders SET dispatches = 1", {"payment-webhook", "checkout", "dispute"}),
        ("UPDATE orders SET stop_reason = 'canceled_by_buyer'", {"checkout", "dispute"}),
        ("UPDATE orders SET total = 1", set()),
        ("SELECT client_secret FROM authentications", {"checkout"}),
        ("UPDATE order_lines SET stock_state = 'restored'", {"checkout-saga"}),
        ("UPDATE order_lines SET unit_price = 1", set()),
        ("UPDATE seller_orders SET state = 'held'", {"checkout-saga", "dispute", "payment-webhook", "payouts"}),
        ("UPDATE seller_orders SET held_until = now()", {"order-processor", "seller"}),
        ("UPDATE seller_orders SET gross = 1", set()),
        ("UPDATE seller_orders SET transfer_id = 'tr'", {"payouts"}),
        ("UPDATE payouts SET amount = 1", {"payouts"}),
        (REFUNDED, {"dispute", "payment-webhook", "payouts"}),
        ("UPDATE refunds SET reversal = 0", {"payouts"}),
        (WAITING, {"payment-webhook"}),
        ("DELETE FROM waiting_news", {"payouts"}),
        ("UPDATE chargebacks SET status = 'won'", {"payment-webhook", "payouts"}),
        ("DELETE FROM chargebacks", set()),
        ("UPDATE refunds SET state = 'settled'", {"payment-webhook", "payouts"}),
        ("UPDATE refunds SET amount = 1", set()),
        ("UPDATE shipments SET tracking = 't'", {"seller"}),
        ("UPDATE shipments SET order_id = 'o'", set()),
        ("UPDATE holds SET lift_reason = 'r'", {"dispute", "payment-webhook", "payouts", "seller"}),
        ("UPDATE holds SET reason = 'r'", set()),
        (
            "SELECT buyer_id FROM orders",
            {"payment-webhook", "checkout", "checkout-saga", "dispute", "order-processor", "payouts"},
        ),
        ("DELETE FROM outbox", {"checkout"}),
        ("INSERT INTO outbox (order_id, attempt) VALUES ('o', 1)", {"payment-webhook", "checkout", "dispute"}),
        ("DELETE FROM events", {"checkout"}),
        (
            "INSERT INTO events (type, subject_id, data) VALUES ('t', 's', '{}')",
            {
                "catalog",
                "catalog-import",
                "checkout",
                "checkout-saga",
                "dispute",
                "order-processor",
                "payment-webhook",
                "payouts",
                "seller",
            },
        ),
        ("UPDATE events SET data = '{}'", set()),
        (POSTED, {"checkout-saga", "dispute", "payment-webhook", "payouts"}),
        ("SELECT * FROM ledger_entries", {"checkout-saga", "dispute", "payment-webhook", "payouts", "seller"}),
        (
            "SELECT payment_method FROM orders",
            {"payment-webhook", "checkout", "checkout-saga", "dispute", "order-processor", "payouts"},
        ),
        ("UPDATE sellers SET suspended_at = now(), suspension_reason = 'x'", {"dispute"}),
        ("SELECT score FROM fraud_assessments", {"checkout-saga", "dispute"}),
        ("UPDATE fraud_assessments SET approved = true", {"dispute"}),
        ("UPDATE fraud_assessments SET score = 0", set()),
        ("SELECT * FROM case_messages", {"dispute"}),
        ("UPDATE cases SET state = 'expired', due_at = NULL", {"dispute"}),
        ("UPDATE cases SET claimed = 1", set()),
        ("UPDATE case_messages SET text = 'x'", set()),
        (AUDITED, {"dispute", "seller"}),
        ("SELECT * FROM audit_log", {"dispute"}),
        ("UPDATE audit_log SET reason = 'x'", set()),
        ("DELETE FROM audit_log", set()),
        ("TRUNCATE audit_log", set()),
        ("DELETE FROM orders", set()),
        ("DELETE FROM offers", set()),
        ("UPDATE ledger_entries SET amount = 1", set()),
        ("DELETE FROM ledger_transactions", set()),
        ("SELECT * FROM schema_migrations", set()),
        ("CREATE TABLE mine (id int)", set()),
        ("CREATE TEMPORARY TABLE mine (id int)", set()),
        ("DROP TRIGGER ledger_entries_append_only ON ledger_entries", set()),
        ("ALTER TABLE orders DISABLE TRIGGER ALL", set()),
    ],
)
async def test_a_role_does_its_own_work_only(
    owner: asyncpg.Connection, orders_dsn: str, statement: str, allowed: set[str]
) -> None:
    permitted = set()
    for role in WORKLOADS:
        async with signed_in_as(orders_dsn, role) as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                await connection.execute(statement)
                permitted.add(role)
            except asyncpg.InsufficientPrivilegeError:
                pass
            except asyncpg.ForeignKeyViolationError:
                permitted.add(role)
            finally:
                await transaction.rollback()
    assert permitted == allowed


@pytest.mark.parametrize("role", RIGHTS)
async def test_a_link_that_reads_grants_no_write(owner: asyncpg.Connection, role: str) -> None:
    await grant_roles(owner, {role: "reads"})
    granted = await owner.fetch(
        "SELECT privilege_type FROM information_schema.column_privileges WHERE grantee = $1 "
        "UNION SELECT privilege_type FROM information_schema.table_privileges WHERE grantee = $1",
        role,
    )
    assert {row["privilege_type"] for row in granted} == {"SELECT"}


async def test_a_role_keeps_its_access_until_it_is_named_again(owner: asyncpg.Connection, orders_dsn: str) -> None:
    await grant_roles(owner, {"catalog": "reads"})
    async with signed_in_as(orders_dsn, "checkout") as connection:
        await connection.execute("DELETE FROM outbox")
        await grant_roles(owner, {"checkout": "none"})
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM orders")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with signed_in_as(orders_dsn, "checkout"):
            pass
    async with signed_in_as(orders_dsn, "catalog") as connection:
        assert await connection.fetch("SELECT * FROM offers") == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(OFFER)


async def test_a_role_without_rights_is_refused_by_name_and_nothing_is_granted(owner: asyncpg.Connection) -> None:
    with pytest.raises(InvalidRequest, match=r"named 'reports', only for catalog, .*checkout, .*roles\.py"):
        await grant_roles(owner, {"catalog": "none", "reports": "reads"})
    assert await owner.fetchval("SELECT has_table_privilege('catalog', 'offers', 'INSERT')")


async def test_access_is_taken_from_a_role_that_is_not_known_any_more(owner: asyncpg.Connection) -> None:
    await owner.execute("CREATE ROLE retired LOGIN; GRANT SELECT ON orders TO retired")
    try:
        await grant_roles(owner, {"retired": "none", "never-was": "none"})
        assert not await owner.fetchval("SELECT has_table_privilege('retired', 'orders', 'SELECT')")
    finally:
        await owner.execute("DROP ROLE retired")


async def test_an_impossible_role_or_access_is_refused(owner: asyncpg.Connection) -> None:
    with pytest.raises(InvalidRequest):
        await grant_roles(owner, {'x"; DROP TABLE orders; --': "reads"})
    with pytest.raises(InvalidRequest):
        await grant_roles(owner, {"catalog": "administers"})  # type: ignore[dict-item]
