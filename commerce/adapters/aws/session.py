"""The one boto3 session of the process. `AWS_ENDPOINT_URL`, credentials and role come from the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from typing import Any

import boto3
from botocore import exceptions
from botocore.config import Config
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from commerce.adapters.tracing import OPERATION, PEER, failed, started


class ServiceOverloaded(Exception):
    """AWS throttled a request or failed, also on every retry of the client."""


# The service could not be reached, or did not answer in time.
OUTAGES: tuple[type[Exception], ...] = (exceptions.HTTPClientError, exceptions.ConnectionError, ServiceOverloaded)
_SPAN = "marketplace_span"
_OVERLOADED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
    }
)
CONFIG = Config(
    connect_timeout=3,
    read_timeout=10,
    max_pool_connections=32,
    retries={"mode": "standard", "max_attempts": 4},
)


@contextmanager
def overload_as_outage() -> Iterator[None]:
    """Raises ServiceOverloaded, which is one of `OUTAGES`, when AWS throttles a request or fails."""
    try:
        yield
    except exceptions.ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.response["Error"]["Code"] in _OVERLOADED:
            raise ServiceOverloaded(str(error)) from error
        raise


@cache
def session() -> boto3.Session:
    """boto3 reads AWS_DEFAULT_REGION only; containers are given AWS_REGION. Each call is a span."""
    made = boto3.Session(region_name=os.environ.get("AWS_REGION"))
    made.events.register("before-call", _before)
    made.events.register("after-call", _after)
    made.events.register("after-call-error", _lost)
    return made


def _before(model: Any, context: dict[str, Any], **_: object) -> None:
    if trace.get_current_span().is_recording():
        call = started(model.name, SpanKind.CLIENT)
        call.set_attributes({PEER: str(model.service_model.service_id), OPERATION: model.name})
        context[_SPAN] = call


def _after(context: dict[str, Any], parsed: dict[str, Any], **_: object) -> None:
    if call := context.pop(_SPAN, None):
        if "Error" in parsed:
            call.set_attribute("error.type", str(parsed["Error"].get("Code")))
        call.end()


def _lost(context: dict[str, Any], exception: Exception, **_: object) -> None:
    if call := context.pop(_SPAN, None):
        failed(call, exception)
        call.end()
