"""The order processor's own settings; its link to the order database has its own."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class OrderProcessorSettings(BaseSettings):
    """`IDEMPOTENCY_TABLE` (DynamoDB, key `id`, TTL attribute `expiration`) and `RETURN_WINDOW_DAYS`."""

    model_config = SettingsConfigDict(frozen=True)

    idempotency_table: str
    return_window_days: int = Field(ge=0)

    @property
    def return_window(self) -> timedelta:
        return timedelta(days=self.return_window_days)
