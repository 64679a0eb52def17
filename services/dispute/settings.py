"""The dispute service's settings; its link to the order database has its own."""

from __future__ import annotations

from pydantic import Field

from services.http.server import ServerSettings


class DisputeSettings(ServerSettings):
    """`DATABASE_CONNECTIONS` (most at once), `REFUND_COMMISSION` (whether a refund gives the commission back, too),
    `ORDERS_QUIET_SECONDS` (how seldom to look for work, so that the order database can sleep; 0: it never does)."""

    service_name: str = "dispute"
    database_connections: int = Field(default=4, ge=2)
    orders_quiet_seconds: int = Field(default=0, ge=0)
    refund_commission: bool = True
