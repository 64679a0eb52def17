"""Payments: what the marketplace needs to talk to Stripe.

Stripe's accounts, charges and transfers are data, made at run time. The stack holds the secret that the workloads
read, without a value, and says where Stripe must send its events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi

from components.component import Component
from components.environment import Environment
from components.link import Access
from components.secrets_management import Secrets

WEBHOOK_PATH: Final = "/webhooks/stripe"


@dataclass(frozen=True, kw_only=True)
class PaymentsArgs:
    """Contract of payments."""

    secrets: Secrets


@dataclass(frozen=True, kw_only=True)
class PaymentsEnvironment(Environment):
    """Where the secret is: `STRIPE_SECRET` for payments named `stripe`."""

    secret: pulumi.Input[str]
    """The secret's id in its cloud."""


class Payments(Component):
    """The Stripe secret: a JSON object of `api_key` and `webhook_secret`, put there by hand after the deployment."""

    FUNCTION = "payments"
    OFFERS = (Access.READS_SECRET,)

    secret_id: pulumi.Output[str]

    def webhook_url(self, endpoint: pulumi.Input[str]) -> pulumi.Output[str]:
        """The address to give Stripe, behind the API at `endpoint`: the route of the payment webhook handler."""
        return pulumi.Output.concat(endpoint, WEBHOOK_PATH)
