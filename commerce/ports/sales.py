from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from commerce.shipping import Sale, SalePage


class Sales(Protocol):
    """A seller's parts of orders. Every call names the seller and sees nothing of others; an order without a share of
    the seller is OrderNotFound. `commerce.shipping` decides."""

    async def page(self, seller_id: str, limit: int, cursor: str | None = None) -> SalePage:
        """The latest first. Raises InvalidRequest for a foreign cursor."""
        ...

    async def get(self, seller_id: str, order_id: str) -> Sale: ...

    async def ship(self, seller_id: str, order_id: str, *, carrier: str, tracking: str, now: datetime) -> Sale: ...

    async def deliver(self, seller_id: str, order_id: str, *, now: datetime, return_window: timedelta) -> Sale: ...
