"""Who may do what in the order database: one login role per workload, a member of the group that its link grants."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import asyncpg

from commerce.errors import InvalidRequest

Access = Literal["reads", "reads-writes", "none"]

_ROLE = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_TABLES = (
    "sellers",
    "offers",
    "orders",
    "order_lines",
    "seller_orders",
    "outbox",
    "ledger_transactions",
    "ledger_entries",
)
# What was agreed with a buyer (lines, prices, totals) and the ledger are written once: no UPDATE of them, and no
# DELETE of anything but outbox rows.
_WRITES = (
    "INSERT, UPDATE ON sellers, offers",
    "INSERT, UPDATE (status, payment_intent_id, charge_id, failure, dispatches, touched_at) ON orders",
    "INSERT, UPDATE (stock_state) ON order_lines",
    "INSERT, UPDATE (state, held_until, transfer_id) ON seller_orders",
    "INSERT, UPDATE (due_at), DELETE ON outbox",
    "INSERT ON ledger_transactions, ledger_entries",
)


async def grant_roles(connection: asyncpg.Connection, roles: Mapping[str, Access]) -> None:
    """Make the login roles `roles` (name to access) and give each exactly its access; repeatable.

    Runs as the database's owner, after `migrate`. Roles that are not named keep what they have: each workload of a
    stack is granted its access on its own. `none` takes a role's access away. Where the server has a role `rds_iam`,
    members of it sign in with IAM tokens and have no password.
    """
    for role, access in roles.items():
        if not _ROLE.fullmatch(role) or access not in ("reads", "reads-writes", "none"):
            raise InvalidRequest(f"Cannot grant {access!r} to a database role named {role!r}.")
    async with connection.transaction():
        database = await connection.fetchval("SELECT current_database()")
        # Roles belong to the whole server; the database's name keeps the groups of two databases apart.
        reader, writer = f"{database}_reader", f"{database}_writer"
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('grant_roles'))")
        await _make_groups(connection, database, reader, writer)
        await _revoke_changed(connection, reader, writer, roles)
        with_iam = await _exists(connection, "rds_iam")
        for role, access in roles.items():
            if access == "none":
                continue
            if not await _exists(connection, role):
                await connection.execute(f"CREATE ROLE {_quoted(role)} LOGIN")
            await connection.execute(
                f"GRANT {_quoted(writer if access == 'reads-writes' else reader)} TO {_quoted(role)}"
            )
            if with_iam:
                await connection.execute(f"GRANT rds_iam TO {_quoted(role)}")


async def _make_groups(connection: asyncpg.Connection, database: str, reader: str, writer: str) -> None:
    for group in (reader, writer):
        if not await _exists(connection, group):
            await connection.execute(f"CREATE ROLE {_quoted(group)} NOLOGIN")
    name, both = _quoted(database), f"{_quoted(reader)}, {_quoted(writer)}"
    await connection.execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
    await connection.execute(f"GRANT CONNECT ON DATABASE {name} TO {both}")
    await connection.execute(f"GRANT USAGE ON SCHEMA public TO {both}")
    await connection.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {both}")
    await connection.execute(f"GRANT SELECT ON {', '.join(_TABLES)} TO {both}")
    for write in _WRITES:
        await connection.execute(f"GRANT {write} TO {_quoted(writer)}")


async def _revoke_changed(
    connection: asyncpg.Connection, reader: str, writer: str, roles: Mapping[str, Access]
) -> None:
    """Takes from the named roles the group that is not theirs any more."""
    groups = {"reads": reader, "reads-writes": writer, "none": ""}
    members = await connection.fetch(
        """
        SELECT g.rolname AS granted, m.rolname AS member
        FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
        WHERE g.rolname = ANY ($1::text[]) AND m.rolname = ANY ($2::text[])
        """,
        [reader, writer],
        list(roles),
    )
    for granted, member in members:
        if granted != groups[roles[member]]:
            await connection.execute(f"REVOKE {_quoted(granted)} FROM {_quoted(member)}")


async def _exists(connection: asyncpg.Connection, role: str) -> bool:
    return bool(await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role))


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
