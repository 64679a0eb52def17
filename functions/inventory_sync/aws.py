"""The inventory sync on Lambda: called with changes of the catalog's table, with events, and by a schedule."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from functions import event_loop
from functions.aws_lambda import logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from commerce.indexing import IndexReport
    from functions.inventory_sync.inventory_sync import InventorySync

_log = logging.getLogger(__name__)
metrics = Metrics()


@cache
def _sync() -> InventorySync:
    from functions.inventory_sync.application import open_inventory_sync

    return event_loop.run(open_inventory_sync())


@metrics.log_metrics
@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[Any]]:
    """Indexes the products of a batch, or makes the round of the schedule.

    A batch whose products cannot be written now fails as a whole and is delivered again. A document that the engine
    refuses for good goes to the dead letters, with the reason, and stops no other.
    """
    if "Records" in event:
        _told(event_loop.run(_sync().changed(changed_products(event["Records"]))))
    else:
        _round()
    return {"batchItemFailures": []}


def changed_products(records: Iterable[dict[str, Any]]) -> list[str]:
    """The products that records of the table's stream and messages with domain events are about, each once."""
    return list(dict.fromkeys(product_id for record in records for product_id in _products(record)))


def _products(record: dict[str, Any]) -> list[str]:
    if "dynamodb" in record:
        return [str(record["dynamodb"]["Keys"]["product_id"]["S"])]
    told = json.loads(record["body"])
    return list(told["data"].get("product_ids") or [told["subject_id"]])


def _round() -> None:
    report = event_loop.run(_sync().round())
    metrics.add_metric(name="StockDriftUnits", unit=MetricUnit.Count, value=report.drift.units)
    metrics.add_metric(name="StockDriftOffers", unit=MetricUnit.Count, value=report.drift.offers)
    if report.drift.offers:
        _log.warning("stock counters had drifted", extra={"offers": report.drift.offers, "units": report.drift.units})
    if report.rebuilt is not None:
        _log.info("search index rebuilt", extra={"products": report.rebuilt.indexed})
        metrics.add_metric(name="SearchIndexRebuilt", unit=MetricUnit.Count, value=1)
        _told(report.rebuilt)


def _told(report: IndexReport) -> None:
    metrics.add_metric(name="ProductsIndexed", unit=MetricUnit.Count, value=report.indexed)
    metrics.add_metric(name="DocumentsRejected", unit=MetricUnit.Count, value=len(report.rejected))
    for one in report.rejected:
        _log.error("document cannot be indexed", extra={"product_id": one.product_id, "reason": one.reason})
