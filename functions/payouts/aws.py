"""The payouts function on Lambda: each call of the schedule is one round."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Metrics

from commerce.measures import Measure
from functions import event_loop
from functions.aws_lambda import EmbeddedMeasures, logged

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from commerce.ports import Payouts
    from functions.payouts.round import Round

_log = logging.getLogger(__name__)
metrics = Metrics()


@cache
def _opened() -> tuple[Round, Payouts]:
    from functions.payouts.application import open_round

    return event_loop.run(open_round())


@metrics.log_metrics
@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Runs one round and returns how many things each task settled. A task that failed fails the invocation."""
    round, payouts = _opened()
    settled = event_loop.run(round.run(datetime.now(UTC)))
    EmbeddedMeasures().add(Measure.HELD_FUNDS, event_loop.run(payouts.held()))
    if any(settled.values()):
        _log.info("round done", extra=settled)
    return settled
