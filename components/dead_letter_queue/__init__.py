"""Dead-Letter Queue: messages that could not be handled, kept until they are inspected and redriven."""

from __future__ import annotations

from dataclasses import dataclass

from components.component import Component


@dataclass(frozen=True, kw_only=True)
class DeadLetterQueueArgs:
    """Contract of a dead-letter queue."""

    retention_days: int = 14


class DeadLetterQueue(Component):
    """Holds the messages of one queue that were delivered too often without being handled."""

    FUNCTION = "dead-letter-queue"
