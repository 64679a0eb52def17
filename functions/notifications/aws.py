"""The notifications function on Lambda: a batch of events, or of what the mail service tells, per invocation.

Messages that fail are reported one by one, so that the others are deleted; a message that keeps failing is moved to
the dead-letter queue by the queue's own redrive policy.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from functions import event_loop
from functions.aws_lambda import EmbeddedMeasures, logged, message_trace

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from functions.notifications.sending import Sending

_log = logging.getLogger(__name__)
metrics = Metrics()


@cache
def _sending() -> Sending:
    from functions.notifications.application import open_sending

    return event_loop.run(open_sending(EmbeddedMeasures()))


def _handle(record: SQSRecord) -> None:
    with message_trace(record.body):
        try:
            sent = event_loop.run(_sending().handle(record.body))
        except Exception:
            _log.exception("message failed", extra={"message_id": record.message_id})
            raise
        _log.info("message handled", extra={"mails": sent})


@metrics.log_metrics
@logged
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Sends the mails of the batch; returns the messages that failed."""
    return process_partial_response(
        event=event,
        record_handler=_handle,
        # Also a batch of which every message failed is answered message by message: the function itself did not fail.
        processor=BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False),
        context=context,
    )
