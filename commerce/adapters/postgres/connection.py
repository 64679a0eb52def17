"""Connections to the order database: the pool of a service, and the single one of the administrator."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import asyncpg

from commerce.adapters.postgres.settings import DatabaseSettings
from commerce.adapters.tracing import recording, waiting_for
from commerce.errors import InvalidRequest
from commerce.ports import PasswordSource, Secrets

# The server is away, starting, shutting down, full, or read-only after a failover, or it ended this transaction because
# of a conflict with another. OSError is a refused or lost connection. The last two are the driver's own errors for a
# connection that was lost while it was used.
OUTAGES: tuple[type[Exception], ...] = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_COMMAND_TIMEOUT_SECONDS = 15.0
_CONNECT_SECONDS = 10.0
# A database that sleeps takes about 15 s to wake. The API gives a request up after 29.
_WAKE_SECONDS = 25.0


def _traced(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(method)
    async def traced(self: asyncpg.Connection, statement: str, *arguments: Any, **options: Any) -> Any:
        if not recording():
            return await method(self, statement, *arguments, **options)
        # The statement has no values: they are sent apart from it.
        with waiting_for("postgresql", statement.split(None, 1)[0].rstrip(";"), statement):
            return await method(self, statement, *arguments, **options)

    return traced


class TracedConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection whose statements are spans."""

    __slots__ = ()

    execute = _traced(asyncpg.Connection.execute)
    executemany = _traced(asyncpg.Connection.executemany)
    fetch = _traced(asyncpg.Connection.fetch)
    fetchrow = _traced(asyncpg.Connection.fetchrow)
    fetchval = _traced(asyncpg.Connection.fetchval)


async def connect_pool(
    settings: DatabaseSettings, min_size: int = 1, max_size: int = 8, *, password: PasswordSource | None = None
) -> asyncpg.Pool:
    """A pool of connections, each signing in anew with a password of `password`. Close it with `await pool.close()`.

    Raises InvalidRequest for the administrator's settings, and for ones that need a password source and have none.
    """
    if settings.secret is not None:
        raise InvalidRequest("Only the administrator signs in with the secret; a pool signs in with an identity.")
    return await asyncpg.create_pool(
        **_parameters(settings, settings.user, _password(settings, password)),
        min_size=min_size,
        max_size=max_size,
        max_inactive_connection_lifetime=300.0,
        connection_class=TracedConnection,
        # asyncpg's default reset is a round trip after every use of a connection. The repositories here leave
        # nothing in a session (no settings, no cursors, no session locks), so there is nothing to reset.
        reset=_nothing_to_reset,
    )


async def connect_administrator(
    settings: DatabaseSettings, *, secrets: Secrets | None = None, password: PasswordSource | None = None
) -> asyncpg.Connection:
    """One connection that may change the schema. With the secret that the settings name, else with `password`.

    Raises InvalidRequest when the settings need a source that is missing.
    """
    unlimited = {"command_timeout": None}  # a migration takes the time it takes
    if settings.secret is None:
        signed_in = _parameters(settings, settings.user, _password(settings, password))
    elif secrets is None:
        raise InvalidRequest("ORDERS_SECRET is set, so connecting needs a reader of secrets.")
    else:
        credentials = await asyncio.to_thread(secrets.read, settings.secret)
        signed_in = _parameters(settings, credentials["username"], credentials["password"])
    return await asyncpg.connect(**signed_in | unlimited)


def _parameters(settings: DatabaseSettings, user: str, password: object) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "database": settings.database,
        "user": user,
        "password": password,
        "ssl": _tls(settings),
        "command_timeout": _COMMAND_TIMEOUT_SECONDS,
        "timeout": _WAKE_SECONDS if settings.quiet_seconds else _CONNECT_SECONDS,
        "server_settings": {"application_name": "marketplace", "jit": "off", "timezone": "UTC"},
    }


def _tls(settings: DatabaseSettings) -> ssl.SSLContext | bool:
    if settings.tls == "disable":
        return False
    return ssl.create_default_context()


def _password(settings: DatabaseSettings, source: PasswordSource | None) -> PasswordSource | None:
    if settings.authentication == "none":
        return None
    if source is None:
        raise InvalidRequest("Signing in with the process's identity needs a password source.", user=settings.user)
    return source


async def _nothing_to_reset(connection: asyncpg.Connection) -> None:
    return None
