from __future__ import annotations

from typing import Protocol


class CheckoutFlow(Protocol):
    """The workflow service that runs the checkout saga."""

    async def start(self, order_id: str, attempt: int = 1) -> None:
        """Start the saga of an order; a start that already happened is a success."""
        ...
