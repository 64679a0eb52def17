"""The ranker on Lambda, called by a schedule. What the event says does not matter: a run takes what is new."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from functions import event_loop
from functions.aws_lambda import logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from functions.recommendations.ranking import Ranker

_log = logging.getLogger(__name__)
metrics = Metrics()


@cache
def _ranker() -> Ranker:
    from functions.recommendations.application import open_ranker

    return event_loop.run(open_ranker())


@metrics.log_metrics
@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Learns and publishes; returns how many orders, views and rankings that were."""
    run = event_loop.run(_ranker().run())
    done = {"orders": run.orders, "views": run.views, "ranked": run.ranked}
    _log.info("recommendations are up to date", extra=done)
    metrics.add_metric(name="ProductsRanked", unit=MetricUnit.Count, value=run.ranked)
    return done
