"""The checkout service's settings; its links to the order database and the carts have their own."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from services.checkout.acceptance import Terms
from services.http.money import CurrencyCode
from services.http.server import ServerSettings


class CheckoutSettings(ServerSettings):
    """`CHECKOUT_FLOW_ID` (the workflow that finishes an order), `EVENTS_TOPIC` (where domain events are published),
    `CURRENCY` (lower-case ISO 4217), `COMMISSION_BASIS_POINTS`, `RESERVATION_TTL_SECONDS`, `DATABASE_CONNECTIONS` (most
    at once), `ORDERS_QUIET_SECONDS` (how seldom to look for work, so that the order database can sleep; 0: it never
    does)."""

    service_name: str = "checkout"
    checkout_flow_id: str
    events_topic: str
    currency: CurrencyCode
    commission_basis_points: int = Field(ge=0, le=10_000)
    reservation_ttl_seconds: int = Field(ge=1)
    database_connections: int = Field(default=8, ge=2)
    orders_quiet_seconds: int = Field(default=0, ge=0)

    @property
    def terms(self) -> Terms:
        return Terms(
            currency=self.currency,
            commission_basis_points=self.commission_basis_points,
            reservation_ttl=timedelta(seconds=self.reservation_ttl_seconds),
        )
