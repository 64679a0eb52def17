"""Where the search engine is, read from the environment that the link to it gave this process."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic_settings import BaseSettings, SettingsConfigDict

SERVERLESS = "aoss"


class SearchSettings(BaseSettings):
    """`SEARCH_HOST` (with the port, where it is not the usual one), `SEARCH_TLS`, `SEARCH_SERVICE`.

    `service` is the name that the cloud's engine has in signed requests; without one nothing is signed.
    """

    model_config = SettingsConfigDict(env_prefix="SEARCH_", frozen=True)

    host: str
    tls: Literal["verify-full", "disable"] = "verify-full"
    service: str = ""
    timeout: timedelta = timedelta(seconds=5)
    max_connections: int = 32

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Settings of a plain server that asks for no signature: `http://host:port`."""
        return cls(host=urlsplit(url).netloc, tls="disable")

    @property
    def url(self) -> str:
        """Base address, without a slash at its end."""
        return f"{'http' if self.tls == 'disable' else 'https'}://{self.host}"

    @property
    def serverless(self) -> bool:
        """Whether the engine decides by itself on shards, replicas and refreshes, and refuses to be told."""
        return self.service == SERVERLESS
