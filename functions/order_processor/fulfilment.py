"""Fulfilment of one order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, Field

from commerce.ports import Orders


class FulfilmentMessage(BaseModel):
    """The body of a message of the fulfilment queue."""

    order_id: str = Field(min_length=1)


class Fulfilment:
    """Marks orders fulfilled. An order fulfilled before stays as it is, with the return window it has."""

    def __init__(self, *, orders: Orders, return_window: timedelta) -> None:
        self._orders = orders
        self._return_window = return_window

    async def fulfil(self, order_id: str) -> None:
        """Raises OrderNotFound, and IllegalTransition for an order that is not paid."""
        await self._orders.mark_fulfilled(order_id, datetime.now(UTC), self._return_window)
