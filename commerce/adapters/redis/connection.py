"""The connection pool to Redis or Valkey."""

from __future__ import annotations

from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis, SSLConnection
from redis.asyncio.connection import Connection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.credentials import CredentialProvider

from commerce.adapters.redis.settings import CacheSettings
from commerce.adapters.redis.sharing import SharingRedis
from commerce.errors import InvalidRequest
from commerce.ports import CredentialsSource

# The server is away, starting, full, or read-only after a failover, or the connection was lost in the middle of an
# answer.
OUTAGES: tuple[type[Exception], ...] = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ReadOnlyError,
    exceptions.OutOfMemoryError,
    exceptions.ClusterDownError,
    exceptions.TryAgainError,
    exceptions.InvalidResponse,
)
_WAIT_SECONDS = 5.0


class _FreshCredentials(CredentialProvider):
    """Asks the source again for every connection that is opened."""

    def __init__(self, source: CredentialsSource) -> None:
        self._source = source

    async def get_credentials_async(self) -> tuple[str, str]:
        return await self._source()


def connect(settings: CacheSettings, credentials: CredentialsSource | None = None) -> Redis:
    """A client over a pool that opens connections as needed and makes callers wait when all are in use.

    Close it with `await client.aclose()`. Only a lost connection is retried, and only once: every script that is
    sent through it is safe to repeat. Raises InvalidRequest for a user without credentials.
    """
    if settings.user and credentials is None:
        raise InvalidRequest("CARTS_USER is set, so connecting needs a source of credentials.", user=settings.user)
    pool = BlockingConnectionPool(
        connection_class=Connection if settings.tls == "disable" else SSLConnection,
        host=settings.host,
        port=settings.port,
        credential_provider=_FreshCredentials(credentials) if settings.user and credentials else None,
        decode_responses=True,
        max_connections=settings.max_connections,
        timeout=_WAIT_SECONDS,
        socket_timeout=_WAIT_SECONDS,
        socket_connect_timeout=_WAIT_SECONDS,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), 1),
    )
    return SharingRedis.from_pool(pool)
