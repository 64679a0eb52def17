"""The order processor on Lambda: a batch of messages of the fulfillment queue per invocation.

Messages that fail are reported one by one, so that the others are deleted; a message that keeps failing is moved to
the dead-letter queue by the queue's own redrive policy.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from commerce.adapters.tracing import annotate
from functions import event_loop
from functions.aws_lambda import logged, message_trace

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from functions.order_processor.fulfillment import Fulfillment

_log = logging.getLogger(__name__)


@cache
def _fulfillment() -> Fulfillment:
    from functions.order_processor.application import open_fulfillment

    return event_loop.run(open_fulfillment())


def _handle(record: SQSRecord) -> None:
    with message_trace(record.body):
        try:
            order_id = event_loop.run(_fulfillment().handle(record.body))
        except Exception:
            _log.exception("message failed", extra={"message_id": record.message_id})
            raise
        annotate(order_id=order_id)
        _log.info("order fulfilled", extra={"order_id": order_id})


@logged
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Fulfills the orders of the batch; returns the messages that failed."""
    return process_partial_response(
        event=event,
        record_handler=_handle,
        # Also a batch of which every message failed is answered message by message: the function itself did not fail.
        processor=BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False),
        context=context,
    )
