"""The saga function: one invocation runs one step of one order.

The workflow decides by the class name of the error that leaves the handler (`errorType` in Lambda's answer), so
business errors leave it as they are.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, Field

from commerce.errors import MarketplaceError
from functions import event_loop
from functions.checkout.saga import StepName

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from functions.checkout.steps import CheckoutSteps

logger = Logger()
tracer = Tracer()
metrics = Metrics()


class StepError(BaseModel):
    """What a workflow passes on about the failure of a step."""

    error: str = Field(alias="Error")


class SagaEvent(BaseModel):
    """The step to run, the order to run it on, and for a compensation the failure that led to it."""

    step: StepName
    order_id: str = Field(min_length=1)
    error: StepError | None = None


@cache
def _steps() -> CheckoutSteps:
    from functions.checkout.application import open_steps

    return event_loop.run(open_steps())


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, str]:
    """Runs the step and returns its name and the order's id."""
    request = SagaEvent.model_validate(event)
    logger.append_keys(order_id=request.order_id, step=request.step)
    metrics.add_dimension(name="step", value=request.step)
    error = request.error.error if request.error else None
    try:
        event_loop.run(_steps().run(request.step, request.order_id, error))
    except MarketplaceError as refusal:
        logger.warning("step refused", extra={"error": type(refusal).__name__, "detail": refusal.detail})
        metrics.add_metric(name="StepRefused", unit=MetricUnit.Count, value=1)
        raise
    logger.info("step done")
    metrics.add_metric(name="StepDone", unit=MetricUnit.Count, value=1)
    return {"step": request.step.value, "order_id": request.order_id}
