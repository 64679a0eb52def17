"""The composition root of the payouts function.

It imports every SDK that a round needs, so an entry imports it with the first invocation only.
"""

from __future__ import annotations

from functools import partial

from commerce.adapters import cloud
from commerce.adapters.postgres import (
    DatabaseSettings,
    PostgresPaymentInbox,
    PostgresPayouts,
    PostgresRefunds,
    PostgresSellerAccounts,
    connect_pool,
)
from commerce.adapters.stripe.clients import RotatedClients
from commerce.adapters.stripe.gateway import StripeGateway
from commerce.ports import Payouts
from functions.payouts.news import TakeWaitingNews
from functions.payouts.refunds import RefundDue
from functions.payouts.round import Round
from functions.payouts.settings import PayoutsSettings
from functions.payouts.transfers import ConfirmAccounts, ReleaseDue, TransferDue


async def open_round() -> tuple[Round, Payouts]:
    """A round, and the payouts that it works on.

    Connects them to the order database and the payment processor that this process's environment names. One connection:
    a round runs one task at a time.
    """
    settings, database = PayoutsSettings(), DatabaseSettings()
    chosen = cloud.load(settings.cloud)
    secrets = chosen.secrets()
    keys = RotatedClients(
        read=partial(secrets.read, settings.stripe_secret), forget=partial(secrets.forget, settings.stripe_secret)
    )
    pool = await connect_pool(database, min_size=0, max_size=1, password=chosen.database_password(database))
    payouts, gateway = PostgresPayouts(pool), StripeGateway(keys)
    round = Round(
        {
            # The disputes first: a share that they hold is not released.
            "news": TakeWaitingNews(PostgresPaymentInbox(pool, commission_returned=settings.refund_commission)),
            "released": ReleaseDue(payouts),
            "accounts": ConfirmAccounts(PostgresSellerAccounts(pool), gateway),
            "transferred": TransferDue(payouts, gateway),
            "refunded": RefundDue(PostgresRefunds(pool, commission_returned=settings.refund_commission), gateway),
        }
    )
    return round, payouts
