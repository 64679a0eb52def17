"""A handler with the decorators that the functions of the marketplace use."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer

logger = Logger(service="traced")
tracer = Tracer(service="traced")
metrics = Metrics(namespace="Marketplace", service="traced")


@tracer.capture_method
def work(order_id: str) -> str:
    tracer.put_annotation("order_id", order_id)
    return order_id


@metrics.log_metrics(capture_cold_start_metric=True)
@logger.inject_lambda_context(log_event=False)
@tracer.capture_lambda_handler
def handler(event: dict[str, Any], context: Any) -> dict[str, str]:
    """Traces, logs and counts."""
    logger.info("handled", extra={"order_id": event["order_id"]})
    return {"traced": work(event["order_id"])}
