"""Every endpoint of the API that the double has."""

from __future__ import annotations

from toolkit.local.stripe.endpoint import Endpoint
from toolkit.local.stripe.resources import (
    account_links,
    accounts,
    balance,
    capabilities,
    charges,
    disputes,
    events,
    payment_intents,
    payment_methods,
    payouts,
    refunds,
    reversals,
    transfers,
    webhook_endpoints,
)

ENDPOINTS: tuple[Endpoint, ...] = (
    *payment_intents.ENDPOINTS,
    *charges.ENDPOINTS,
    *transfers.ENDPOINTS,
    *reversals.ENDPOINTS,
    *refunds.ENDPOINTS,
    *disputes.ENDPOINTS,
    *payment_methods.ENDPOINTS,
    *accounts.ENDPOINTS,
    *capabilities.ENDPOINTS,
    *account_links.ENDPOINTS,
    *balance.ENDPOINTS,
    *payouts.ENDPOINTS,
    *events.ENDPOINTS,
    *webhook_endpoints.ENDPOINTS,
)
