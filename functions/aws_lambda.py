"""What the Lambda entries of all functions share: logs with the invocation's trace id."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote_plus

import structlog

from commerce.adapters.telemetry import configure_logging, continue_trace, within_trace

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

Answer = TypeVar("Answer")
_Handler = Callable[[dict[str, Any], "LambdaContext"], Answer]


def logged(handler: _Handler[Answer]) -> _Handler[Answer]:
    """Gives every line that `handler` logs the invocation's trace id and request id, and what it binds itself."""

    @wraps(handler)
    def invoked(event: dict[str, Any], context: LambdaContext) -> Answer:
        configure()
        continue_trace({"x-amzn-trace-id": os.environ.get("_X_AMZN_TRACE_ID", "")})
        with within_trace(_carried(event)), structlog.contextvars.bound_contextvars(request_id=context.aws_request_id):
            return handler(event, context)

    return invoked


def message_trace(body: str) -> AbstractContextManager[None]:
    """Continues the trace that a message's body carries, if any, while the context is open."""
    try:
        return within_trace(_carried(json.loads(body)))
    except ValueError:
        return within_trace(None)  # the handler says what is wrong with the body


def _carried(work: object) -> str | None:
    """The trace of an event of the marketplace, or of the execution that asks for the work."""
    if not isinstance(work, dict):
        return None
    execution = work.get("execution")
    found = work.get("traceparent") or (execution.get("traceparent") if isinstance(execution, dict) else None)
    return found if isinstance(found, str) else None


def object_keys(body: str) -> tuple[str, ...]:
    """The keys of the objects that a message of S3 tells of; none for the message that tries the connection."""
    event = json.loads(body)
    return tuple(unquote_plus(record["s3"]["object"]["key"]) for record in event.get("Records", ()))


@cache
def configure() -> None:
    """Sets up the logs of this process, once."""
    from functions.settings import FunctionSettings

    settings = FunctionSettings()
    configure_logging(service=settings.service_name, level=settings.log_level)
