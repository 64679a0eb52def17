"""Checkout Orchestration: the saga that pays, takes the stock, splits the money and hands over to fulfilment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.component import Component
from components.event_function import EventFunction
from components.fulfillment_queue import FulfillmentQueue
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class CheckoutOrchestrationArgs:
    """Contract of the checkout orchestration."""

    definition: Path
    """The workflow in the cloud's own language, rendered from `functions/checkout/saga.py`."""
    saga: EventFunction
    """Runs one step of the saga at a time."""
    fulfillment: FulfillmentQueue
    """Takes the orders that were paid."""
    secrets: Secrets


class CheckoutOrchestration(Component):
    """A durable workflow: each execution is one order, started under the order's id so that it starts once."""

    FUNCTION = "checkout-orchestration"

    arn: pulumi.Output[str]
