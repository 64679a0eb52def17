"""The thumbnail function on Lambda: messages of S3 about uploaded pictures."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from functions import event_loop
from functions.aws_lambda import logged, object_keys

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from functions.thumbnails.thumbnails import Thumbnails

_log = logging.getLogger(__name__)
metrics = Metrics()
METRICS = {"ready": "PictureReady", "refused": "PictureRefused"}


@cache
def _thumbnails() -> Thumbnails:
    from functions.thumbnails.application import open_thumbnails

    return open_thumbnails()


def _handle(record: SQSRecord) -> None:
    for key in object_keys(record.body):
        try:
            outcome = event_loop.run(_thumbnails().handle(key))
        except Exception:
            _log.exception("upload failed", extra={"message_id": record.message_id, "key": key})
            raise
        _log.info("upload handled", extra={"key": key, "outcome": outcome})
        if outcome in METRICS:
            metrics.add_metric(name=METRICS[outcome], unit=MetricUnit.Count, value=1)


@metrics.log_metrics
@logged
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Makes the sizes of the uploaded pictures; returns the messages that failed."""
    return process_partial_response(
        event=event,
        record_handler=_handle,
        processor=BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False),
        context=context,
    )
