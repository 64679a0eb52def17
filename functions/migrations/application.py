"""The migration of one database.

It imports the database's adapter, so an entry imports it with the first invocation only.
"""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg

from commerce.adapters import cloud
from commerce.adapters.database_access import Access
from commerce.adapters.postgres import (
    DatabaseSettings,
    MigrationsDiffer,
    connect_administrator,
    digest,
    grant_roles,
    migrate,
)
from functions.settings import FunctionSettings


async def bring_up_to_date(schema: str, roles: Mapping[str, Access]) -> tuple[str, ...]:
    """Applies what is pending and grants each role its access; returns the names of what was applied now.

    `schema` is the digest of the migrations that the deployment was written with. Runs as the administrator that the
    environment names. Raises MigrationsDiffer and MigrationTampered.
    """
    if schema != (own := digest()):
        raise MigrationsDiffer(schema, own)
    chosen = cloud.load(FunctionSettings().cloud)
    connection = await _connect(chosen)
    try:
        applied = await migrate(connection)
        await grant_roles(connection, roles, chosen.database_sign_in_role)
    finally:
        await connection.close()
    return applied


async def take_access(roles: Mapping[str, Access]) -> None:
    """Takes all access of the roles away and leaves the schema as it is."""
    connection = await _connect(cloud.load(FunctionSettings().cloud))
    try:
        await grant_roles(connection, dict.fromkeys(roles, "none"))
    finally:
        await connection.close()


async def _connect(chosen: cloud.Cloud) -> asyncpg.Connection:
    database = DatabaseSettings()
    return await connect_administrator(database, secrets=chosen.secrets(), password=chosen.database_password(database))
