"""Dead-Letter Queue: messages that could not be handled, kept until they are inspected and redriven."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.environment import Environment
from components.link import Access


@dataclass(frozen=True, kw_only=True)
class DeadLetterQueueArgs:
    """Contract of a dead-letter queue."""

    retention_days: int = 14


@dataclass(frozen=True, kw_only=True)
class DeadLetterQueueEnvironment(Environment):
    """Where a workload leaves what it cannot handle: `REJECTED_QUEUE` for a queue named `rejected`."""

    queue: pulumi.Input[str]


class DeadLetterQueue(Component):
    """Holds the messages of one queue that were delivered too often without being handled, or what a workload could not
    handle itself."""

    FUNCTION = "dead-letter-queue"
    OFFERS = (Access.PUBLISHES,)
