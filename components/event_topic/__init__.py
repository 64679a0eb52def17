"""Event Topic: what has happened, told to every queue that subscribes."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.environment import Environment
from components.link import Access
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class EventTopicArgs:
    """Contract of an event topic."""

    secrets: Secrets


@dataclass(frozen=True, kw_only=True)
class EventTopicEnvironment(Environment):
    """Where to publish: `EVENTS_TOPIC` for a topic named `events`."""

    topic: pulumi.Input[str]
    """The topic's id in its cloud."""


class EventTopic(Component):
    """Delivers each message to all of its queues, at least once and in any order."""

    OFFERS = (Access.PUBLISHES,)
