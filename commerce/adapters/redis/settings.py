"""Where the cart cache is, read from the environment that the link to it gave this process."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic_settings import BaseSettings, SettingsConfigDict


class CacheSettings(BaseSettings):
    """`CARTS_HOST`, `CARTS_PORT`, `CARTS_USER`, `CARTS_INSTANCE`, `CARTS_TLS`.

    With a user the process signs in with credentials made from its own identity; without one it sends none.
    `instance` is the cache's id in its cloud, where the cloud makes credentials for one cache only.
    """

    model_config = SettingsConfigDict(env_prefix="CARTS_", frozen=True)

    host: str
    port: int = 6379
    user: str = ""
    instance: str = ""
    tls: Literal["verify-full", "disable"] = "verify-full"
    max_connections: int = 32

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Settings of a plain server that asks for no password: `redis://host:port`."""
        parts = urlsplit(url)
        return cls(host=parts.hostname or "127.0.0.1", port=parts.port or 6379, tls="disable")
