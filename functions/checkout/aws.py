"""The saga function on Lambda: one invocation runs one step of one order.

The workflow decides by the refusal in the answer. Every error leaves the handler and is counted as a failure of the
function; the workflow decides by its class name in Lambda's answer (`errorType`).
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from aws_lambda_powertools import Metrics

from commerce.adapters.tracing import annotate
from functions import event_loop
from functions.aws_lambda import EmbeddedMeasures, logged
from functions.checkout.request import StepRequest

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from functions.checkout.steps import CheckoutSteps

_log = logging.getLogger(__name__)
metrics = Metrics()


@cache
def _steps() -> CheckoutSteps:
    from functions.checkout.application import open_steps

    return event_loop.run(open_steps(EmbeddedMeasures()))


@metrics.log_metrics
@logged
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Runs the step and returns its name, the order's id, and the refusal, which is empty when there was none."""
    request = StepRequest.model_validate(event)
    annotate(order_id=request.order_id, step=request.step.value)
    with structlog.contextvars.bound_contextvars(order_id=request.order_id, step=request.step):
        refusal = event_loop.run(_steps().run(request.step, request.order_id, request.error))
        if not refusal:
            _log.info("step done")
    return {"step": request.step.value, "order_id": request.order_id, "refusal": refusal}
