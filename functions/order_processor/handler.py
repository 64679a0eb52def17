"""The order processor: a batch of messages of the fulfilment queue per invocation.

Messages that fail are reported one by one, so that the others are deleted; a message that keeps failing is moved to
the dead-letter queue by the queue's own redrive policy.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from functions.order_processor.fulfilment import FulfilmentMessage

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from functions.order_processor.application import FulfilOnce

logger = Logger()
tracer = Tracer()
metrics = Metrics()


@cache
def _fulfil_once() -> FulfilOnce:
    from functions.order_processor.application import open_fulfilment

    return open_fulfilment()


@tracer.capture_method(capture_response=False)
def _handle(record: SQSRecord, lambda_context: LambdaContext) -> None:
    try:
        message = FulfilmentMessage.model_validate_json(record.body)
        _fulfil_once()(message.order_id, lambda_context)
    except Exception:
        logger.exception("message failed", extra={"message_id": record.message_id})
        metrics.add_metric(name="FulfilmentFailed", unit=MetricUnit.Count, value=1)
        raise
    logger.info("order fulfilled", extra={"order_id": message.order_id})
    metrics.add_metric(name="OrderFulfilled", unit=MetricUnit.Count, value=1)


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Fulfils the orders of the batch; returns the messages that failed."""
    return process_partial_response(
        event=event,
        record_handler=_handle,
        # A batch in which every message failed is still answered message by message: its error is theirs, not ours.
        processor=BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False),
        context=context,
    )
