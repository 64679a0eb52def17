"""Lambda: invocations go to the worker processes of this machine, and moto polls nothing by itself."""

from __future__ import annotations

import threading
from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models.table import Table
from moto.sqs.models import Queue

from toolkit.local.lambda_functions.workers import NoWorker, Workers


class LambdaServiceError(JsonRESTError):  # type: ignore[misc]
    """Lambda's own error, which state machines and SDKs retry."""

    code = 500

    def __init__(self, message: str) -> None:
        super().__init__("ServiceException", message)


def forward(workers: Workers) -> None:
    """Replaces moto's Docker execution by the workers, and switches off its event source mappings."""

    def invoke(  # noqa: PLR0917 - the method's own signature
        self: LambdaBackend,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: dict[str, Any],
    ) -> bytes:
        function: LambdaFunction = self.get_function(function_name, qualifier)
        payload = body.encode() if isinstance(body, str) else body or b"{}"
        trace = headers.get("X-Amzn-Trace-Id")
        match headers.get("X-Amz-Invocation-Type", "RequestResponse"):
            case "DryRun":
                return b""
            case "Event":
                call = threading.Thread(target=_invoke_later, args=(workers, function.function_name, payload, trace))
                call.daemon = True
                call.start()
                return b""
        try:
            done = workers.invoke(function.function_name, payload, trace=trace)
        except NoWorker as missing:
            raise LambdaServiceError(missing.message) from missing
        if done.function_error is not None:
            response_headers["X-Amz-Function-Error"] = done.function_error
        response_headers["X-Amz-Executed-Version"] = "$LATEST"
        return done.payload

    LambdaBackend.invoke = invoke
    # Mappings stay readable in the Lambda API, but their sources never call anybody: the poller does that,
    # with batches, partial failures and redrive, which moto's synchronous delivery lacks.
    for source in (Queue, Table):
        source.lambda_event_source_mappings = property(lambda self: {}, lambda self, value: None)


def _invoke_later(workers: Workers, function_name: str, payload: bytes, trace: str | None) -> None:
    """An asynchronous invocation: two more attempts after an error, as Lambda makes by default."""
    for _ in range(3):
        try:
            if workers.invoke(function_name, payload, trace=trace).function_error is None:
                return
        except NoWorker:
            return
