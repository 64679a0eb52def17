"""Fulfillment of one order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, Field

from commerce.ports import Orders


class FulfillmentMessage(BaseModel):
    """The body of a message of the fulfillment queue."""

    order_id: str = Field(min_length=1)


class Fulfillment:
    """Marks orders fulfilled.

    A queue may deliver a message twice, even at the same time. An order that is fulfilled already stays as it is,
    with the time it has: the order's own state makes a second delivery harmless.
    """

    def __init__(self, *, orders: Orders, longest_hold: timedelta) -> None:
        """`longest_hold` is how long a share is held if nobody reports a delivery: a report opens the return window."""
        self._orders = orders
        self._longest_hold = longest_hold

    async def handle(self, body: str) -> str:
        """Fulfills the order of one message and returns its id.

        Raises ValidationError for a body that is no message, OrderNotFound, and IllegalTransition for an order that
        is not paid.
        """
        order_id = FulfillmentMessage.model_validate_json(body).order_id
        await self._orders.mark_fulfilled(order_id, datetime.now(UTC), self._longest_hold)
        return order_id
