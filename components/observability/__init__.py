"""Observability: alarms when something is wrong, and a dashboard of the whole stack."""

from __future__ import annotations

from dataclasses import dataclass

from components.component import Component
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    """Contract of observability."""

    watched: tuple[Component, ...]
    """Components whose signals become alarms and graphs."""
    secrets: Secrets
    email: str | None = None
    """Where alarms are sent; without it they only show on the dashboard."""


class Observability(Component):
    """Alarms, the topic they go to, and a dashboard."""

    FUNCTION = "observability"
