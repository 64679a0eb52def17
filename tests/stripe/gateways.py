"""Gateways for the tests: of a payment secret, or of a client that the test made."""

from __future__ import annotations

import stripe

from commerce.adapters.stripe.clients import connect
from commerce.adapters.stripe.credentials import StripeCredentials
from commerce.adapters.stripe.gateway import StripeGateway


class OneClient:
    """Always the same client."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    def current(self) -> stripe.StripeClient:
        return self._client

    def refused(self) -> bool:
        return False


def gateway_of(client: stripe.StripeClient) -> StripeGateway:
    return StripeGateway(OneClient(client))


def gateway_with(**secret: str) -> StripeGateway:
    """The gateway of a payment secret with these members."""
    return gateway_of(connect(StripeCredentials.model_validate(secret)))
