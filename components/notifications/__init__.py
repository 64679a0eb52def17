"""Notifications: events told to whoever subscribes, and mail to people."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.environment import Environment
from components.event_topic import EventTopic
from components.link import Access
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class NotificationsArgs:
    """Contract of notifications."""

    secrets: Secrets
    sender: str | None = None
    """Address that mails come from, which the cloud must know as yours; without it no mail is sent."""


@dataclass(frozen=True, kw_only=True)
class NotificationsEnvironment(Environment):
    """How to send mail: `NOTIFICATIONS_SENDER` and the others, for notifications named `notifications`."""

    sender: pulumi.Input[str] | None
    """The address that mails come from."""
    profile: pulumi.Input[str]
    """The id, in the cloud, of how mails are sent and what is told of them."""


class Notifications(Component):
    """The topic of the marketplace's events, a sender of mail, and the topic that tells of mail that was refused."""

    FUNCTION = "notifications"
    OFFERS = (Access.SENDS,)

    events: EventTopic
    """What happens in the marketplace."""
    feedback: EventTopic
    """Mails that bounced, and complaints."""
