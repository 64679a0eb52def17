"""The connection pool to Redis or Valkey, signed in with IAM tokens."""

from __future__ import annotations

import asyncio

from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis, SSLConnection
from redis.asyncio.connection import Connection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.credentials import CredentialProvider

from commerce.adapters.aws.tokens import elasticache_token
from commerce.adapters.redis.settings import CacheSettings

# The server is away, starting, or only a reader after a failover.
OUTAGES: tuple[type[Exception], ...] = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.ReadOnlyError)
_WAIT_SECONDS = 5.0


class IamCredentials(CredentialProvider):
    """A fresh token of the process's own role for every connection that is opened."""

    def __init__(self, cluster: str, user: str) -> None:
        self._cluster = cluster
        self._user = user

    def get_credentials(self) -> tuple[str, str]:
        return self._user, elasticache_token(self._cluster, self._user)

    async def get_credentials_async(self) -> tuple[str, str]:
        return await asyncio.to_thread(self.get_credentials)


def connect(settings: CacheSettings) -> Redis:
    """A client over a pool that opens connections as needed and makes callers wait when all are in use.

    Close it with `await client.aclose()`. Only a lost connection is retried, and only once: every script that is
    sent through it is safe to repeat.
    """
    pool = BlockingConnectionPool(
        connection_class=Connection if settings.tls == "disable" else SSLConnection,
        host=settings.host,
        port=settings.port,
        credential_provider=IamCredentials(settings.cluster, settings.user)
        if settings.user and settings.cluster
        else None,
        decode_responses=True,
        max_connections=settings.max_connections,
        timeout=_WAIT_SECONDS,
        socket_timeout=_WAIT_SECONDS,
        socket_connect_timeout=_WAIT_SECONDS,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.01), 1),
    )
    return Redis.from_pool(pool)
