"""Fulfillment Queue: paid orders that wait for fulfillment."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.dead_letter_queue import DeadLetterQueue
from components.environment import Environment
from components.link import Access


@dataclass(frozen=True, kw_only=True)
class FulfillmentQueueArgs:
    """Contract of the fulfillment queue."""

    handling_seconds: int = 30
    """How long a consumer may work on a message before it is delivered again."""
    retention_days: int = 4
    attempts: int = 5
    """Deliveries of one message before it goes to the dead-letter queue."""


@dataclass(frozen=True, kw_only=True)
class FulfillmentQueueEnvironment(Environment):
    """Where to send: `FULFILLMENT_QUEUE` for a queue named `fulfillment`."""

    queue: pulumi.Input[str]
    """The queue's address in its cloud."""


class FulfillmentQueue(Component):
    """A queue that delivers at least once, with a dead-letter queue for what cannot be handled."""

    FUNCTION = "fulfillment-queue"
    OFFERS = (Access.PUBLISHES, Access.CONSUMES)

    handling_seconds: int
    dead_letters: DeadLetterQueue
