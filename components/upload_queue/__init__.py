"""Upload queue: files that were put into a store and wait to be handled."""

from __future__ import annotations

from dataclasses import dataclass

from components.component import Component
from components.dead_letter_queue import DeadLetterQueue
from components.link import Access


@dataclass(frozen=True, kw_only=True)
class UploadQueueArgs:
    """Contract of an upload queue."""

    handling_seconds: int
    """How long a consumer may work on a message before it is delivered again."""
    retention_days: int = 4
    attempts: int = 5
    """Deliveries of one message before it goes to the dead-letter queue."""


class UploadQueue(Component):
    """A queue that only its store sends to, once or more for each file, with a dead-letter queue."""

    OFFERS = (Access.CONSUMES,)

    handling_seconds: int
    dead_letters: DeadLetterQueue
