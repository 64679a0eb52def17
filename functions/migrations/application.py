"""The migration of one database.

It imports the database's adapter, so the handler imports it with the first invocation only.
"""

from __future__ import annotations

from collections.abc import Mapping

from commerce.adapters.postgres import Access, DatabaseSettings, connect_administrator, grant_roles, migrate


async def bring_up_to_date(roles: Mapping[str, Access]) -> tuple[str, ...]:
    """Applies what is pending and grants each role its access; returns the versions applied now.

    Runs as the administrator, whose secret the environment names (`ORDERS_SECRET_ARN`). Raises MigrationTampered.
    """
    connection = await connect_administrator(DatabaseSettings())
    try:
        applied = await migrate(connection)
        await grant_roles(connection, roles)
    finally:
        await connection.close()
    return applied
