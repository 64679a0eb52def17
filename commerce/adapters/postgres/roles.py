"""Who may do what in the order database: one login role per workload, with the rights of its work and no others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

import asyncpg

from commerce.adapters.database_access import Access
from commerce.adapters.postgres.seller_scope import SETTING
from commerce.errors import InvalidRequest

_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a workload does in the database. `reads` are tables; `writes` are granted only to a link that writes.

    What was agreed with a buyer (lines, prices, totals) and the ledger are written once: nobody updates them, and
    nobody deletes anything but rows that waited and have been dealt with: of the outbox, the event log, waiting news.
    """

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    reads_columns: tuple[str, ...] = ()
    """`(a, b) ON table`: what is read of a table that holds more."""
    own_rows: Mapping[str, str] = field(default_factory=dict)
    """Table to the condition of the only rows that it sees and writes, for a workload that acts for one seller at a
    time. Every table that it reads has one, but those whose rows are nobody's."""


TELLS = "INSERT (type, subject_id, data, occurred_at, traceparent) ON events"
"""What every workload needs that changes something others are told of."""
NOTES = "INSERT (happened_at, actor_id, role, action, subject_type, subject_id, reason, before, after) ON audit_log"
"""What every workload needs in which staff acts."""
BOOKS_REFUNDS = "INSERT (refund_id, order_id, seller_id, amount, reversal, covered, reason, requested_at) ON refunds"
"""It books refunds, and cannot say that one was made."""
KEEPS_CHARGEBACKS = "INSERT, UPDATE (amount, status, as_of, withdrawn, fee, movements) ON chargebacks"
_SELLER = f"current_setting('{SETTING}', true)"
"""Nothing outside a transaction that acts for a seller: no row has this id, nor an empty one."""
_SALES = ("sellers", "offers", "orders", "order_lines", "seller_orders")
RIGHTS: Mapping[str, Rights] = {
    "catalog": Rights(
        reads=("sellers", "offers", "order_lines", "imports", "import_errors"),
        writes=(
            "INSERT, UPDATE (display_name, account_id) ON sellers",
            "INSERT, UPDATE (title, unit_price, currency, stock, withdrawn_at) ON offers",
            "INSERT (import_id, seller_id, format, created_at) ON imports",
            TELLS,
        ),
    ),
    "catalog-import": Rights(
        reads=("offers", "imports", "import_errors"),
        writes=(
            "INSERT ON offers",
            "UPDATE (title, unit_price, currency, stock, sku, declared_stock, described, withdrawn_at) ON offers",
            "UPDATE (state, finished_at, size_bytes, offset_bytes, line, failure) ON imports",
            "UPDATE (created, changed, unchanged, failed) ON imports",
            "INSERT ON import_errors",
            TELLS,
        ),
    ),
    # The columns of an order that its acceptance sets: it cannot write one that is paid.
    "checkout": Rights(
        reads=(*_SALES, "outbox", "authentications", "events"),
        writes=(
            "INSERT (order_id, buyer_id, currency, total, payment_method, cart_revision) ON orders",
            "UPDATE (dispatches, resumes, waits_for, stop_reason, touched_at) ON orders",
            "INSERT (order_id, offer_id, product_id, seller_id, title, quantity, unit_price) ON order_lines",
            "INSERT (order_id, seller_id, gross, commission) ON seller_orders",
            "INSERT (order_id, attempt, traceparent), UPDATE (due_at), DELETE ON outbox",
            TELLS,
            "UPDATE (due_at), DELETE ON events",
        ),
    ),
    # It gives verdicts and rulings, and the money follows them; it writes the audit log and cannot change it.
    "dispute": Rights(
        reads=(
            *_SALES,
            *("cases", "case_messages", "fraud_assessments", "audit_log", "holds"),
            *("ledger_transactions", "ledger_entries", "payouts", "refunds"),
        ),
        writes=(
            "INSERT (case_id, order_id, seller_id, buyer_id, reason, currency, claimed, state, opened_at, due_at) "
            "ON cases",
            "UPDATE (state, due_at, proposal, decision) ON cases",
            "INSERT ON case_messages",
            "UPDATE (approved, verdict_by, verdict_reason, verdict_at) ON fraud_assessments",
            "UPDATE (suspended_at, suspension_reason) ON sellers",
            "INSERT (hold_id, seller_id, order_id, reason, placed_by, placed_at) ON holds",
            "UPDATE (lifted_by, lifted_at, lift_reason) ON holds",
            NOTES,
            "UPDATE (dispatches, resumes, waits_for, stop_reason, touched_at) ON orders",
            "INSERT (order_id, attempt, traceparent) ON outbox",
            "UPDATE (state) ON seller_orders",
            BOOKS_REFUNDS,
            "INSERT (transaction_id, order_id, entries) ON ledger_transactions",
            "INSERT ON ledger_entries",
            TELLS,
        ),
    ),
    "checkout-saga": Rights(
        reads=(*_SALES, "ledger_transactions", "ledger_entries", "fraud_assessments"),
        writes=(
            "UPDATE (status, payment_intent_id, charge_id, failure, waits_for, waits_until, touched_at) ON orders",
            "SELECT (order_id), INSERT, UPDATE (client_secret) ON authentications",
            "UPDATE (stock_state) ON order_lines",
            "UPDATE (state) ON seller_orders",
            "UPDATE (stock) ON offers",
            "INSERT (transaction_id, order_id, entries) ON ledger_transactions",
            "INSERT ON ledger_entries",
            TELLS,
            "INSERT (order_id, decision, decided_by, score, model, reasons, features) ON fraud_assessments",
        ),
    ),
    "ranker": Rights(
        reads=("orders", "order_lines", "product_signals", "product_affinities", "recommendation_progress"),
        writes=(
            "INSERT, UPDATE (bought, viewed) ON product_signals",
            "INSERT, UPDATE (bought, viewed), DELETE ON product_affinities",
            "UPDATE (accepted_at, order_id) ON recommendation_progress",
        ),
    ),
    # It reads orders, and writes down which mails it sent. The addresses are not in the database.
    "notifier": Rights(
        reads=(*_SALES, "mails", "blocked_addresses"),
        writes=(
            "INSERT (event_id, recipient_id, kind), UPDATE (state, claimed_at, message_id) ON mails",
            "INSERT (digest, reason) ON blocked_addresses",
        ),
    ),
    "payment-webhook": Rights(
        reads=(
            *("sellers", "orders", "order_lines", "seller_orders", "outbox", "payment_events"),
            *("refunds", "failed_refunds", "chargebacks", "payouts", "holds", "connected_accounts"),
            *("ledger_transactions", "ledger_entries"),
        ),
        writes=(
            BOOKS_REFUNDS,
            "UPDATE (state, processor_refund_id, attempts, due_at, credited) ON refunds",
            "INSERT (processor_refund_id, reason) ON failed_refunds",
            "INSERT (event_id, charge_id, news) ON waiting_news",
            KEEPS_CHARGEBACKS,
            "INSERT, UPDATE ON connected_accounts",
            "UPDATE (state) ON seller_orders",
            "INSERT (hold_id, seller_id, order_id, reason, placed_by, placed_at) ON holds",
            "UPDATE (lifted_by, lifted_at, lift_reason) ON holds",
            "INSERT (transaction_id, order_id, entries) ON ledger_transactions",
            "INSERT ON ledger_entries",
            TELLS,
            "INSERT (event_id, type) ON payment_events",
            "UPDATE (waits_for, dispatches, resumes, touched_at) ON orders",
            "INSERT (order_id, attempt, traceparent) ON outbox",
        ),
    ),
    "order-processor": Rights(
        reads=("sellers", "orders", "order_lines", "seller_orders"),
        writes=("UPDATE (status, touched_at) ON orders", "UPDATE (held_until) ON seller_orders", TELLS),
    ),
    "inventory-sync": Rights(reads=("sellers", "offers", "order_lines"), writes=()),
    "payouts": Rights(
        reads=(
            *("sellers", "orders", "seller_orders", "ledger_transactions", "ledger_entries"),
            *("connected_accounts", "holds", "payouts", "refunds", "failed_refunds", "chargebacks", "waiting_news"),
        ),
        writes=(
            "UPDATE (state, transfer_id) ON seller_orders",
            "INSERT, UPDATE ON payouts",
            # What the webhook could not do yet, because the charge was not known, is done here.
            "DELETE ON waiting_news",
            BOOKS_REFUNDS,
            KEEPS_CHARGEBACKS,
            "INSERT (hold_id, seller_id, order_id, reason, placed_by, placed_at) ON holds",
            "UPDATE (lifted_by, lifted_at, lift_reason) ON holds",
            "UPDATE (state, processor_refund_id, reversal, reversal_id, attempts, due_at, credited) ON refunds",
            "INSERT, UPDATE ON connected_accounts",
            "INSERT (transaction_id, order_id, entries) ON ledger_transactions",
            "INSERT ON ledger_entries",
            TELLS,
        ),
    ),
    "seller": Rights(
        reads=(
            *("sellers", "order_lines", "seller_orders", "shipments", "connected_accounts", "holds", "payouts"),
            *("ledger_transactions", "ledger_entries"),
        ),
        reads_columns=("(order_id, status, currency, accepted_at) ON orders",),
        writes=(
            "UPDATE (account_id) ON sellers",
            "UPDATE (held_until) ON seller_orders",
            "INSERT, UPDATE (carrier, tracking, delivered_at) ON shipments",
            "INSERT, UPDATE ON connected_accounts",
            "INSERT (hold_id, seller_id, order_id, reason, placed_by, placed_at) ON holds",
            "UPDATE (lifted_by, lifted_at, lift_reason) ON holds",
            NOTES,
            TELLS,
        ),
        own_rows={
            **dict.fromkeys(
                ("sellers", "order_lines", "seller_orders", "shipments", "holds", "payouts"), f"seller_id = {_SELLER}"
            ),
            # These two ask the tables above, which show the seller's own rows.
            "orders": "EXISTS (SELECT FROM seller_orders s WHERE s.order_id = orders.order_id)",
            "connected_accounts": "EXISTS (SELECT FROM sellers s WHERE s.account_id = connected_accounts.account_id)",
            "ledger_entries": f"account IN ('seller:' || {_SELLER} || ':held', 'seller:' || {_SELLER} || ':payable')",
            "ledger_transactions": (
                "EXISTS (SELECT FROM seller_orders s WHERE s.order_id = ledger_transactions.order_id)"
            ),
        },
    ),
}


async def grant_roles(
    connection: asyncpg.Connection, roles: Mapping[str, Access], sign_in_role: str | None = None
) -> None:
    """Make the login roles `roles` (name to access) and give each its `RIGHTS` as far as its access goes; repeatable.

    Runs as the database's owner, after `migrate`. Roles that are not named keep what they have: each workload of a
    stack is granted its access on its own. `none` takes everything away, also from a role that is not known any more.
    Each becomes a member of `sign_in_role`, if the server has it. Raises InvalidRequest for a role without rights here,
    before anything is changed.
    """
    for role, access in roles.items():
        _check(role, access)
    async with connection.transaction():
        name = _quoted(await connection.fetchval("SELECT current_database()"))
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('grant_roles'))")
        await connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        if sign_in_role and not await _exists(connection, sign_in_role):
            sign_in_role = None
        for role, access in roles.items():
            if not await _exists(connection, role):
                if access == "none":
                    continue
                await connection.execute(f"CREATE ROLE {_quoted(role)} LOGIN")
            await _take_all(connection, name, _quoted(role))
            if access != "none":
                await _give(connection, name, role, access)
                if sign_in_role:
                    await connection.execute(f"GRANT {_quoted(sign_in_role)} TO {_quoted(role)}")


def _check(role: str, access: Access) -> None:
    if not _ROLE.fullmatch(role) or access not in get_args(Access):
        raise InvalidRequest(f"Cannot grant {access!r} to a database role named {role!r}.")
    if access != "none" and role not in RIGHTS:
        raise InvalidRequest(
            f"There are no rights for a database role named {role!r}, only for {', '.join(RIGHTS)}. "
            "Say in commerce/adapters/postgres/roles.py what its workload reads and writes.",
            role=role,
        )


async def _take_all(connection: asyncpg.Connection, database: str, role: str) -> None:
    """Revoking on a table also revokes on its columns."""
    await connection.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
    for table in await connection.fetch("SELECT tablename FROM pg_policies WHERE policyname = $1", _policy(role)):
        await connection.execute(f"DROP POLICY {_quoted(_policy(role))} ON {_quoted(table['tablename'])}")
    await connection.execute(f"REVOKE ALL ON SCHEMA public FROM {role}")
    await connection.execute(f"REVOKE ALL ON DATABASE {database} FROM {role}")


async def _give(connection: asyncpg.Connection, database: str, role: str, access: Access) -> None:
    rights, grantee = RIGHTS[role], _quoted(role)
    await connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {grantee}")
    await connection.execute(f"GRANT USAGE ON SCHEMA public TO {grantee}")
    for table, condition in rights.own_rows.items():
        await connection.execute(
            f"CREATE POLICY {_quoted(_policy(grantee))} ON {_quoted(table)} AS RESTRICTIVE TO {grantee} "
            f"USING ({condition}) WITH CHECK ({condition})"
        )
    await connection.execute(f"GRANT SELECT ON {', '.join(rights.reads)} TO {grantee}")
    for columns in rights.reads_columns:
        await connection.execute(f"GRANT SELECT {columns} TO {grantee}")
    if access == "reads-writes":
        for write in rights.writes:
            await connection.execute(f"GRANT {write} TO {grantee}")


async def _exists(connection: asyncpg.Connection, role: str) -> bool:
    return bool(await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role))


def _policy(role: str) -> str:
    """The name of a role's policies. `role` may be quoted."""
    return f"own_rows_of_{role.strip(chr(34))}"


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
