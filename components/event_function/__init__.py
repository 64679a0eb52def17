"""Event functions: Order Processor, and the steps of the checkout saga.

One class for every function that is called with an event; which architectural function it plays is in its
workload.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.component import Component
from components.link import Access, Link
from components.network import Network
from components.secrets_management import Secrets
from components.workload import Handler


@dataclass(frozen=True, kw_only=True)
class EventFunctionArgs:
    """Contract of an event function."""

    workload: Handler
    network: Network
    secrets: Secrets
    image: str
    """Address of the container image."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Values of the settings that the workload declares."""
    links: tuple[Link, ...] = ()


class EventFunction(Component):
    """A handler that runs when a queue, a schedule, the API, a workflow or another service calls it."""

    OFFERS = (Access.INVOKES, Access.ROUTES)

    workload: Handler
