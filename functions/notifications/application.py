"""The composition root of the notifications function.

It imports every SDK that sending needs, so an entry imports it with the first invocation only.
"""

from __future__ import annotations

from commerce.adapters import cloud
from commerce.adapters.postgres import DatabaseSettings, PostgresOrders, connect_pool
from commerce.adapters.postgres.mail import PostgresMailBook
from commerce.ports.measures import Measures
from functions.notifications.sending import Sending
from functions.notifications.settings import NotificationsSettings


async def open_sending(measures: Measures) -> Sending:
    """Connects to the order database, the directory and the mail service that this process's environment names.

    One connection: an invocation handles one message at a time.
    """
    settings, database = NotificationsSettings(), DatabaseSettings()
    chosen = cloud.load(settings.cloud)
    pool = await connect_pool(database, min_size=0, max_size=1, password=chosen.database_password(database))
    sender = settings.notifications_sender
    return Sending(
        orders=PostgresOrders(pool),
        book=PostgresMailBook(pool),
        directory=chosen.directory(settings.auth_directory),
        measures=measures,
        mailer=chosen.mailer(sender, settings.notifications_profile) if sender else None,
    )
