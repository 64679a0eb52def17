"""The seller service's settings; its link to the order database has its own."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from services.http.server import ServerSettings


class SellerSettings(ServerSettings):
    """`STRIPE_SECRET` (the secret with the payment processor's key), `RETURN_WINDOW_DAYS` (from the delivery on),
    `DATABASE_CONNECTIONS` (most at once)."""

    service_name: str = "seller"
    stripe_secret: str
    return_window_days: int = Field(ge=0)
    database_connections: int = Field(default=4, ge=1)

    @property
    def return_window(self) -> timedelta:
        return timedelta(days=self.return_window_days)
