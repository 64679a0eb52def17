"""The composition root of the payment webhook.

It imports every SDK that the receiver needs, so an entry imports it with the first invocation only.
"""

from __future__ import annotations

from functools import partial

from commerce.adapters import cloud
from commerce.adapters.postgres import DatabaseSettings, PostgresPaymentInbox, connect_pool
from commerce.adapters.stripe.notices import StripeNotices
from functions.payment_webhook.receiver import Receiver
from functions.payment_webhook.settings import PaymentWebhookSettings


async def open_receiver() -> Receiver:
    """Connects the receiver to the secret and the order database that this process's environment names.

    One connection: an invocation handles one event.
    """
    settings, database = PaymentWebhookSettings(), DatabaseSettings()
    chosen = cloud.load(settings.cloud)
    secrets = chosen.secrets()
    notices = StripeNotices(
        read=partial(secrets.read, settings.stripe_secret), forget=partial(secrets.forget, settings.stripe_secret)
    )
    pool = await connect_pool(database, min_size=0, max_size=1, password=chosen.database_password(database))
    inbox = PostgresPaymentInbox(pool, commission_returned=settings.refund_commission)
    return Receiver(notices=notices, inbox=inbox)
