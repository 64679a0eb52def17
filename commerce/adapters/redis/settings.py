"""Where the cart cache is, read from the environment that the link to it gave this process."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic_settings import BaseSettings, SettingsConfigDict


class CacheSettings(BaseSettings):
    """`CARTS_HOST`, `CARTS_PORT`, `CARTS_USER`, `CARTS_CLUSTER`, `CARTS_TLS`.

    `cluster` is the replication group's id; with it and a user the process signs in with a token of its own role.
    """

    model_config = SettingsConfigDict(env_prefix="CARTS_", frozen=True)

    host: str
    port: int = 6379
    user: str = ""
    cluster: str = ""
    tls: Literal["verify-full", "disable"] = "verify-full"
    max_connections: int = 32

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Settings of a plain server that asks for no password: `redis://host:port`."""
        parts = urlsplit(url)
        return cls(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 6379,
            user=unquote(parts.username or ""),
            tls="disable",
        )
