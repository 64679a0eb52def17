"""The order processor's own settings; its link to the order database has its own."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from functions.settings import FunctionSettings


class OrderProcessorSettings(FunctionSettings):
    """`RETURN_WINDOW_DAYS`: how long a buyer may return the goods once they were delivered. `DELIVERY_DAYS`: an order
    whose delivery nobody reports counts as delivered so long after it was fulfilled."""

    return_window_days: int = Field(ge=0)
    delivery_days: int = Field(ge=0)

    @property
    def longest_hold(self) -> timedelta:
        """From fulfillment until a share is released without any word of a delivery."""
        return timedelta(days=self.delivery_days + self.return_window_days)
