"""The payouts function on Lambda: each call of the schedule is one round."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from functions import event_loop
from functions.aws_lambda import logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from functions.payouts.round import Round

_log = logging.getLogger(__name__)
metrics = Metrics()


@cache
def _round() -> Round:
    from functions.payouts.application import open_round

    return event_loop.run(open_round())


@metrics.log_metrics(capture_cold_start_metric=True)
@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Runs one round and returns how many things each task settled. A task that failed fails the invocation."""
    settled = event_loop.run(_round().run(datetime.now(UTC)))
    for name, count in settled.items():
        metrics.add_metric(name=f"Payouts{name.title().replace('_', '')}", unit=MetricUnit.Count, value=count)
    if any(settled.values()):
        _log.info("round done", extra=settled)
    return settled
