"""The import function on Lambda: messages of S3 about uploaded files of offers.

A function that is stopped in the middle of a file gets its message again, and goes on behind the last batch.
"""

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

    from commerce.offer_import import OfferImporter

_log = logging.getLogger(__name__)
metrics = Metrics()


@cache
def _importer() -> OfferImporter:
    from functions.catalog_import.application import open_importer

    return event_loop.run(open_importer())


def _handle(record: SQSRecord) -> None:
    for key in object_keys(record.body):
        try:
            job = event_loop.run(_importer().run(key.rpartition("/")[2]))
        except Exception:
            _log.exception("import failed", extra={"message_id": record.message_id, "key": key})
            raise
        counts = job.counts
        _log.info(
            "file imported",
            extra={"import_id": job.import_id, "state": job.state, "lines": job.position.line, "failed": counts.failed},
        )
        metrics.add_metric(name="OffersImported", unit=MetricUnit.Count, value=counts.created + counts.changed)
        metrics.add_metric(name="RowsRefused", unit=MetricUnit.Count, value=counts.failed)


@metrics.log_metrics
@logged
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Imports the uploaded files; returns the messages that failed."""
    return process_partial_response(
        event=event,
        record_handler=_handle,
        processor=BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False),
        context=context,
    )
