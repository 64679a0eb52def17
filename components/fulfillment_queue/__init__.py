"""Fulfillment Queue: paid orders on their way to fulfilment."""

from __future__ import annotations

from dataclasses import dataclass

from components.component import Component
from components.dead_letter_queue import DeadLetterQueue


@dataclass(frozen=True, kw_only=True)
class FulfillmentQueueArgs:
    """Contract of the fulfilment queue."""

    visibility_timeout_seconds: int = 180
    """How long a message that was taken stays hidden from others: at least six times what its consumer needs."""
    retention_days: int = 4
    attempts: int = 5
    """Deliveries of one message before it goes to the dead-letter queue."""


class FulfillmentQueue(Component):
    """A queue that delivers at least once, with a dead-letter queue for what cannot be handled."""

    FUNCTION = "fulfillment-queue"

    dead_letters: DeadLetterQueue
