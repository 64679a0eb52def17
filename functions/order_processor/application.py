"""The composition root of the order processor.

It imports every SDK that fulfillment needs, so an entry imports it with the first invocation only.
"""

from __future__ import annotations

from commerce.adapters import cloud
from commerce.adapters.postgres import DatabaseSettings, PostgresOrders, connect_pool
from functions.order_processor.fulfillment import Fulfillment
from functions.order_processor.settings import OrderProcessorSettings


async def open_fulfillment() -> Fulfillment:
    """Connects fulfillment to the order database that this process's environment names.

    One connection: an invocation handles one message at a time.
    """
    settings, database = OrderProcessorSettings(), DatabaseSettings()
    password = cloud.load(settings.cloud).database_password(database)
    pool = await connect_pool(database, min_size=0, max_size=1, password=password)
    return Fulfillment(orders=PostgresOrders(pool), longest_hold=settings.longest_hold)
