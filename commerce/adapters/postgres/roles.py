"""Who may do what in the order database: one login role per workload, with the rights of its work and no others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import asyncpg

from commerce.adapters.database_access import Access
from commerce.errors import InvalidRequest

_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a workload does in the database. `reads` are tables; `writes` are granted only to a link that writes.

    What was agreed with a buyer (lines, prices, totals) and the ledger are written once: nobody updates them, and
    nobody deletes anything but rows of the outbox and of the event log.
    """

    reads: tuple[str, ...]
    writes: tuple[str, ...]


TELLS = "INSERT (type, subject_id, data, occurred_at, traceparent) ON events"
"""What every workload needs that changes something others are told of."""
_SALES = ("sellers", "offers", "orders", "order_lines", "seller_orders")
RIGHTS: Mapping[str, Rights] = {
    "catalog": Rights(
        reads=("sellers", "offers", "order_lines"),
        writes=(
            "INSERT, UPDATE (display_name, account_id) ON sellers",
            "INSERT, UPDATE (title, unit_price, currency, stock) ON offers",
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
    "order-processor": Rights(
        reads=("sellers", "orders", "order_lines", "seller_orders"),
        writes=("UPDATE (status, touched_at) ON orders", "UPDATE (held_until) ON seller_orders", TELLS),
    ),
    "payouts": Rights(
        reads=("sellers", "orders", "seller_orders", "ledger_transactions", "ledger_entries"),
        writes=(
            "UPDATE (state, transfer_id) ON seller_orders",
            "INSERT (transaction_id, order_id, entries) ON ledger_transactions",
            "INSERT ON ledger_entries",
        ),
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
    await connection.execute(f"REVOKE ALL ON SCHEMA public FROM {role}")
    await connection.execute(f"REVOKE ALL ON DATABASE {database} FROM {role}")


async def _give(connection: asyncpg.Connection, database: str, role: str, access: Access) -> None:
    rights, grantee = RIGHTS[role], _quoted(role)
    await connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {grantee}")
    await connection.execute(f"GRANT USAGE ON SCHEMA public TO {grantee}")
    await connection.execute(f"GRANT SELECT ON {', '.join(rights.reads)} TO {grantee}")
    if access == "reads-writes":
        for write in rights.writes:
            await connection.execute(f"GRANT {write} TO {grantee}")


async def _exists(connection: asyncpg.Connection, role: str) -> bool:
    return bool(await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role))


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
