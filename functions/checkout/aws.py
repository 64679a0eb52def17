"""The saga function on Lambda: one invocation runs one step of one order.

What the buyer or the stock refuses is an answer: the class name of the business error, by which the workflow decides.
Every other error leaves the handler, is counted as a failure of the function, and the workflow decides by its class
name in Lambda's answer (`errorType`).
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
from functions.checkout.saga import CHECKOUT

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
    """Runs the step and returns its name, the order's id, and the refusal, which is empty when there was none."""
    request = StepRequest.model_validate(event)
    metrics.add_dimension(name="step", value=request.step)
    with structlog.contextvars.bound_contextvars(order_id=request.order_id, step=request.step):
        try:
            event_loop.run(_steps().run(request.step, request.order_id, request.error))
        except MarketplaceError as refusal:
            _log.warning("step refused", extra={"error": type(refusal).__name__, "detail": refusal.detail})
            metrics.add_metric(name="StepRefused", unit=MetricUnit.Count, value=1)
            if type(refusal).__name__ not in CHECKOUT.answers(request.step):
                raise
            return _answer(request, refusal=type(refusal).__name__)
        _log.info("step done")
    metrics.add_metric(name="StepDone", unit=MetricUnit.Count, value=1)
    return _answer(request)


def _answer(request: StepRequest, refusal: str = "") -> dict[str, str]:
    return {"step": request.step.value, "order_id": request.order_id, "refusal": refusal}
