"""`commerce.ports.CheckoutFlow` in memory: remembers what was started."""

from __future__ import annotations


class MemoryFlow:
    def __init__(self) -> None:
        self.started: set[tuple[str, int]] = set()

    async def start(self, order_id: str, attempt: int = 1) -> None:
        self.started.add((order_id, attempt))
