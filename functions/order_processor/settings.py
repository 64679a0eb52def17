"""The order processor's own settings; its link to the order database has its own."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from functions.settings import FunctionSettings


class OrderProcessorSettings(FunctionSettings):
    """`RETURN_WINDOW_DAYS`: how long a buyer may return the goods once the order is fulfilled."""

    return_window_days: int = Field(ge=0)

    @property
    def return_window(self) -> timedelta:
        return timedelta(days=self.return_window_days)
