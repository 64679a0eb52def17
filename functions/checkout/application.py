"""The composition root of the saga function.

It imports every SDK the steps need, so the handler imports it with the first invocation only.
"""

from __future__ import annotations

import asyncio

from commerce.adapters.aws import secret
from commerce.adapters.postgres import DatabaseSettings, PostgresOrders, connect_pool
from commerce.adapters.redis import CacheSettings, RedisStockGate, connect
from commerce.adapters.stripe.gateway import StripeGateway
from functions.checkout.settings import SagaSettings
from functions.checkout.steps import CheckoutSteps


async def open_steps() -> CheckoutSteps:
    """Connects the steps to the stores and the payment processor that this process's environment names."""
    keys = await asyncio.to_thread(secret, SagaSettings().stripe_secret_arn)
    pool = await connect_pool(DatabaseSettings(), min_size=0, max_size=2)
    return CheckoutSteps(
        orders=PostgresOrders(pool),
        gate=RedisStockGate(connect(CacheSettings())),
        payments=StripeGateway.from_secret(keys),
    )
