"""Calls the worker process of a Lambda function the way the Lambda service calls its runtime."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from toolkit.errors import ToolkitError

INVOCATION_PATH = "/2015-03-31/functions/function/invocations"
FUNCTION_ERROR_HEADER = "X-Amz-Function-Error"
REQUEST_ID_HEADER = "Lambda-Runtime-Aws-Request-Id"
TRACE_HEADER = "X-Amzn-Trace-Id"
WAIT_FOR_WORKER_SECONDS = 5.0
"""How long an invocation waits for a worker that is starting, as it would for a cold start."""
LONGEST_INVOCATION_SECONDS = 960.0
"""Lambda's longest time-out is 900 seconds; the worker enforces the function's own."""


class NoWorker(ToolkitError):
    """No process on this machine runs the Lambda function."""

    def __init__(self, function_name: str) -> None:
        super().__init__(
            f"no worker answers for the Lambda function {function_name}",
            next_step="see whether it runs with `marketplace status`, and why not with `marketplace logs`",
        )


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """The answer of a Lambda function: its result as JSON, or its error with `function_error` set."""

    payload: bytes
    function_error: str | None
    request_id: str


class Workers:
    """The workers of every Lambda function, as a JSON file lists them: `{"function name": [port, ...]}`.

    The file is read again when it changes. With several workers an idle one is taken.
    """

    def __init__(self, listing: Path) -> None:
        self._listing = listing
        self._read_at = 0
        self._ports: dict[str, list[int]] = {}
        self._busy: dict[int, int] = {}
        self._lock = threading.Lock()

    def invoke(self, function_name: str, payload: bytes, *, trace: str | None = None) -> Invocation:
        """Runs the Lambda function once. An error inside it is an answer; `NoWorker` means that it did not run."""
        request_id = str(uuid.uuid4())
        headers = {"Content-Type": "application/json", REQUEST_ID_HEADER: request_id}
        if trace is not None:
            headers[TRACE_HEADER] = trace
        while True:
            connection, port = self._connect(function_name)
            try:
                connection.request("POST", INVOCATION_PATH, payload or b"{}", headers)
                response = connection.getresponse()
                if response.status == http.HTTPStatus.SERVICE_UNAVAILABLE:
                    continue  # the worker ends without having begun: its successor takes the event
                error = response.getheader(FUNCTION_ERROR_HEADER)
                return Invocation(payload=response.read(), function_error=error, request_id=request_id)
            except (OSError, http.client.HTTPException):
                return _exit_error(request_id)
            finally:
                connection.close()
                with self._lock:
                    self._busy[port] -= 1

    def wait_until_listed(self) -> None:
        """Returns once the workers are listed: a stack that starts lists them when all are ready."""
        while not self._listing.exists():
            time.sleep(0.1)

    def _connect(self, function_name: str) -> tuple[http.client.HTTPConnection, int]:
        deadline = time.monotonic() + WAIT_FOR_WORKER_SECONDS
        while True:
            port = self._take(function_name)
            if port is not None:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_INVOCATION_SECONDS)
                try:
                    connection.connect()
                    return connection, port
                except OSError:
                    with self._lock:
                        self._busy[port] -= 1
            unknown = port is None and self._listing.exists()
            if time.monotonic() > deadline or unknown:
                raise NoWorker(function_name)
            time.sleep(0.05)

    def _take(self, function_name: str) -> int | None:
        with self._lock:
            self._refresh()
            ports = self._ports.get(function_name)
            if not ports:
                return None
            port = min(ports, key=lambda candidate: self._busy.get(candidate, 0))
            self._busy[port] = self._busy.get(port, 0) + 1
            return port

    def _refresh(self) -> None:
        try:
            changed_at = self._listing.stat().st_mtime_ns
        except FileNotFoundError:
            self._ports = {}
            return
        if changed_at != self._read_at:
            self._ports = json.loads(self._listing.read_text())
            self._read_at = changed_at


def _exit_error(request_id: str) -> Invocation:
    """What Lambda answers when the process ended in the middle of the invocation."""
    message = f"RequestId: {request_id} Error: Runtime exited without providing a reason"
    payload = json.dumps({"errorType": "Runtime.ExitError", "errorMessage": message}).encode()
    return Invocation(payload=payload, function_error="Unhandled", request_id=request_id)
