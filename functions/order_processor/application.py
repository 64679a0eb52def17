"""The composition root of the order processor.

It imports every SDK that fulfilment needs, so the handler imports it with the first invocation only.
"""

from __future__ import annotations

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from commerce.adapters.postgres import DatabaseSettings, PostgresOrders, connect_pool
from functions import event_loop
from functions.order_processor.fulfilment import Fulfilment
from functions.order_processor.settings import OrderProcessorSettings

# The queue keeps a message for at most 14 days, and may deliver it twice all that time.
IDEMPOTENCY_SECONDS = 14 * 24 * 3600


class FulfilOnce:
    """Fulfils an order once, however often and however concurrently its message is delivered.

    The database's own state already makes a repeated fulfilment harmless; the record in DynamoDB spares the work and
    keeps two deliveries from running side by side. Raises IdempotencyAlreadyInProgressError for the second of them.
    """

    def __init__(self, fulfilment: Fulfilment, table: str) -> None:
        self._config = IdempotencyConfig(expires_after_seconds=IDEMPOTENCY_SECONDS)

        def fulfil(*, order_id: str) -> None:
            event_loop.run(fulfilment.fulfil(order_id))

        self._fulfil = idempotent_function(
            fulfil,
            data_keyword_argument="order_id",
            persistence_store=DynamoDBPersistenceLayer(table_name=table),
            config=self._config,
            key_prefix="fulfil-order",
        )

    def __call__(self, order_id: str, context: LambdaContext) -> None:
        """The remaining time of `context` bounds how long an attempt that never ended blocks the next one."""
        self._config.register_lambda_context(context)
        self._fulfil(order_id=order_id)


def open_fulfilment() -> FulfilOnce:
    """Connects fulfilment to the order database and the idempotency table that this process's environment names."""
    settings = OrderProcessorSettings()
    pool = event_loop.run(connect_pool(DatabaseSettings(), min_size=0, max_size=1))
    fulfilment = Fulfilment(orders=PostgresOrders(pool), return_window=settings.return_window)
    return FulfilOnce(fulfilment, settings.idempotency_table)
