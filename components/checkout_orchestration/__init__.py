"""Checkout Orchestration: the saga that pays, takes the stock, splits the money and hands over to fulfillment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.component import Component
from components.environment import Environment
from components.event_function import EventFunction
from components.fulfillment_queue import FulfillmentQueue
from components.link import Access
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class CheckoutOrchestrationArgs:
    """Contract of the checkout orchestration."""

    definitions: Path
    """Folder with the workflow in each cloud's own language, rendered from `functions/checkout/saga.py`."""
    saga: EventFunction
    """Runs one step of the saga at a time."""
    fulfillment: FulfillmentQueue
    """Takes the orders that were paid."""
    secrets: Secrets


@dataclass(frozen=True, kw_only=True)
class CheckoutOrchestrationEnvironment(Environment):
    """What to start: `CHECKOUT_FLOW_ID` for a workflow named `checkout-flow`."""

    id: pulumi.Input[str]
    """The workflow's id in its cloud."""


class CheckoutOrchestration(Component):
    """A durable workflow: each execution is one order, started under the order's id so that it starts once."""

    FUNCTION = "checkout-orchestration"
    OFFERS = (Access.STARTS,)

    workflow_id: pulumi.Output[str]
