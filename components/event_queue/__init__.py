"""Event Queue: the events that one subscriber wants, kept until it has handled them."""

from __future__ import annotations

from dataclasses import dataclass

from components.component import Component
from components.dead_letter_queue import DeadLetterQueue
from components.event_topic import EventTopic
from components.link import Access


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """Messages of a topic that a queue receives."""

    topic: EventTopic
    types: tuple[str, ...] = ()
    """Only messages whose attribute `type` is one of these; all messages without any."""


@dataclass(frozen=True, kw_only=True)
class EventQueueArgs:
    """Contract of an event queue."""

    subscriptions: tuple[Subscription, ...]
    handling_seconds: int = 30
    """How long the consumer may work on a message before it is delivered again."""
    retention_days: int = 4
    attempts: int = 5
    """Deliveries of one message before it goes to the dead-letter queue."""


class EventQueue(Component):
    """A queue of its own for one subscriber, with a dead-letter queue for what it cannot handle."""

    OFFERS = (Access.CONSUMES,)

    handling_seconds: int
    dead_letters: DeadLetterQueue
