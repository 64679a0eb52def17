"""Observability: traces, alarms when something is wrong, and a dashboard of the whole stack."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.environment import Environment
from components.link import Access
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    """Contract of observability."""

    secrets: Secrets
    email: str | None = None
    """Where alarms are sent; without it they only show on the dashboard."""
    monthly_budget_usd: int | None = None
    """What the stack may cost a month before the same person hears of it; `None`: nobody does."""


@dataclass(frozen=True, kw_only=True)
class ObservabilityEnvironment(Environment):
    """That traces are wanted: `OBSERVABILITY_STACK` for an observability named `observability`."""

    stack: pulumi.Input[str]
    """The stack's name in the traces: several stacks of an account send theirs to one place."""


class Observability(Component):
    """Traces of the workloads that report to it; alarms, the topic they go to, a dashboard, and the stack's budget."""

    FUNCTION = "observability"
    OFFERS = (Access.REPORTS,)

    def watch(self, *components: Component) -> None:
        """Makes alarms and graphs of the components' signals. Called once, when all of them are declared."""
        raise NotImplementedError
