"""Where the order database is, read from the environment that the link to it gave this process."""

from __future__ import annotations

from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic_settings import BaseSettings, SettingsConfigDict


class DatabaseSettings(BaseSettings):
    """`ORDERS_HOST`, `ORDERS_PORT`, `ORDERS_DATABASE`, `ORDERS_USER`, `ORDERS_TLS`, `ORDERS_SECRET`,
    `ORDERS_QUIET_SECONDS`.

    `authentication` "identity" signs in with a password made from the process's own identity, "none" sends no
    password. `secret` names the administrator's secret, which only an administrator is given. A database with
    `quiet_seconds` sleeps while nobody uses it, and wakes with the first connection. The server's certificate is
    verified against the system's trust store.
    """

    model_config = SettingsConfigDict(env_prefix="ORDERS_", frozen=True)

    host: str
    port: int = 5432
    database: str
    user: str = ""
    tls: Literal["verify-full", "disable"] = "verify-full"
    secret: str | None = None
    authentication: Literal["identity", "none"] = "identity"
    quiet_seconds: int = 0

    @classmethod
    def from_dsn(cls, dsn: str) -> Self:
        """Settings of a plain server that asks for no password: `postgresql://user@host:port/database`."""
        url = urlsplit(dsn)
        return cls(
            host=url.hostname or "127.0.0.1",
            port=url.port or 5432,
            database=unquote(url.path.lstrip("/")),
            user=unquote(url.username or ""),
            tls="disable",
            authentication="none",
        )
