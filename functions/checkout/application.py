"""The composition root of the saga function.

It imports every SDK the steps need, so an entry imports it with the first invocation only.
"""

from __future__ import annotations

from functools import partial

from commerce.adapters import cloud
from commerce.adapters.postgres import (
    DatabaseSettings,
    PostgresAssessments,
    PostgresOffers,
    PostgresOrders,
    connect_pool,
)
from commerce.adapters.redis import CacheSettings, RedisCarts, RedisOrderPace, RedisStockGate, connect
from commerce.adapters.stripe.clients import RotatedClients
from commerce.adapters.stripe.gateway import StripeGateway
from commerce.fraud_check import FraudCheck
from commerce.ports.measures import Measures
from functions.checkout.settings import SagaSettings
from functions.checkout.steps import CheckoutSteps


async def open_steps(measures: Measures) -> CheckoutSteps:
    """Connects the steps to the stores and the payment processor that this process's environment names.

    One connection: an invocation runs one step, and a step one statement at a time.
    """
    settings, database, carts = SagaSettings(), DatabaseSettings(), CacheSettings()
    chosen = cloud.load(settings.cloud)
    secrets = chosen.secrets()
    keys = RotatedClients(
        read=partial(secrets.read, settings.stripe_secret), forget=partial(secrets.forget, settings.stripe_secret)
    )
    cache = connect(carts, chosen.cache_credentials(carts))
    pool = await connect_pool(database, min_size=0, max_size=1, password=chosen.database_password(database))
    return CheckoutSteps(
        orders=PostgresOrders(pool),
        carts=RedisCarts(cache),
        offers=PostgresOffers(pool),
        gate=RedisStockGate(cache),
        payments=StripeGateway(keys),
        fraud=FraudCheck(
            scorer=chosen.fraud_scorer(settings.fraud_scorer),
            pace=RedisOrderPace(cache),
            assessments=PostgresAssessments(pool),
            thresholds=settings.thresholds,
            measures=measures,
        ),
    )
