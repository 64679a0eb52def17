"""The composition root of the saga function.

It imports every SDK the steps need, so the handler imports it with the first invocation only.
"""

from __future__ import annotations

from functools import partial

from commerce.adapters.aws import SecretsReader
from commerce.adapters.postgres import DatabaseSettings, PostgresOffers, PostgresOrders, connect_pool
from commerce.adapters.redis import CacheSettings, RedisStockGate, connect
from commerce.adapters.stripe.clients import RotatedClients
from commerce.adapters.stripe.gateway import StripeGateway
from functions.checkout.settings import SagaSettings
from functions.checkout.steps import CheckoutSteps


async def open_steps() -> CheckoutSteps:
    """Connects the steps to the stores and the payment processor that this process's environment names.

    One connection: an invocation runs one step, and a step one statement at a time.
    """
    arn, secrets = SagaSettings().stripe_secret_arn, SecretsReader()
    keys = RotatedClients(read=partial(secrets.read, arn), forget=partial(secrets.forget, arn))
    pool = await connect_pool(DatabaseSettings(), min_size=0, max_size=1)
    return CheckoutSteps(
        orders=PostgresOrders(pool),
        offers=PostgresOffers(pool),
        gate=RedisStockGate(connect(CacheSettings())),
        payments=StripeGateway(keys),
    )
