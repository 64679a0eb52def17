"""The saga function on Lambda: one invocation runs one step of one order.

The workflow decides by the class name of the error that leaves the handler (`errorType` in Lambda's answer), so
business errors leave it as they are.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from aws_lambda_powertools import Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

from commerce.errors import MarketplaceError
from functions import event_loop
from functions.aws_lambda import logged
from functions.checkout.request import StepRequest

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from functions.checkout.steps import CheckoutSteps

_log = logging.getLogger(__name__)
tracer = Tracer()
metrics = Metrics()


@cache
def _steps() -> CheckoutSteps:
    from functions.checkout.application import open_steps

    return event_loop.run(open_steps())


@metrics.log_metrics(capture_cold_start_metric=True)
@logged
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Runs the step and returns its name and the order's id."""
    request = StepRequest.model_validate(event)
    metrics.add_dimension(name="step", value=request.step)
    with structlog.contextvars.bound_contextvars(order_id=request.order_id, step=request.step):
        try:
            event_loop.run(_steps().run(request.step, request.order_id, request.error))
        except MarketplaceError as refusal:
            _log.warning("step refused", extra={"error": type(refusal).__name__, "detail": refusal.detail})
            metrics.add_metric(name="StepRefused", unit=MetricUnit.Count, value=1)
            raise
        _log.info("step done")
    metrics.add_metric(name="StepDone", unit=MetricUnit.Count, value=1)
    return {"step": request.step.value, "order_id": request.order_id}
