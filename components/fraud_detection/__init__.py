"""Fraud Detection: the scorer's container, called with the features of an order."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.environment import Environment
from components.link import Access
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class FraudDetectionArgs:
    """Contract of the fraud detection."""

    image: str
    """Address of the scorer's image. It holds the model: another model is another image."""
    secrets: Secrets


@dataclass(frozen=True, kw_only=True)
class FraudDetectionEnvironment(Environment):
    """What to ask: `FRAUD_SCORER` for a fraud detection named `fraud`."""

    scorer: pulumi.Input[str]
    """The scorer's id in its cloud."""


class FraudDetection(Component):
    """A scorer that costs nothing while nobody asks it, and scales with those who do.

    One that was idle takes seconds to start: a caller waits for less, and decides by its own rules instead.
    """

    FUNCTION = "fraud-detection"
    OFFERS = (Access.INFERS,)

    scorer_id: pulumi.Output[str]
