"""SageMaker: `InvokeEndpoint` reaches the process that runs the model's container on this machine."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

_PATH: Final = re.compile(r"/endpoints/([^/]+)/invocations")
_PASSED_ON: Final = {"CONTENT_TYPE": "Content-Type", "HTTP_ACCEPT": "Accept", "HTTP_X_AMZN_TRACE_ID": "X-Amzn-Trace-Id"}
LONGEST_INVOCATION_SECONDS: Final = 60.0
"""What SageMaker gives a container for one answer."""


class ModelEndpoints:
    """The endpoints, as a JSON file lists them: `{"endpoint name": port}`. It is read at each call: there are few."""

    def __init__(self, listing: Path) -> None:
        self._listing = listing

    def answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes] | None:
        """The container's answer, or SageMaker's error when there is none; None for any other request."""
        asked = _PATH.fullmatch(environ["PATH_INFO"])
        if asked is None or environ["REQUEST_METHOD"] != "POST":
            return None
        name = asked.group(1)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {header: environ[variable] for variable, header in _PASSED_ON.items() if environ.get(variable)}
        port = self._ports().get(name)
        if port is None:
            return _error(start_response, 400, "ValidationError", f"Endpoint {name} of account not found.")
        try:
            status, content_type, answer = _ask(port, body, headers)
        except (OSError, http.client.HTTPException) as away:
            return _error(start_response, 500, "InternalFailure", f"Endpoint {name} does not answer: {away}")
        if status >= 400:
            text = answer.decode(errors="replace")
            return _error(start_response, 424, "ModelError", f"Received status {status} from the model: {text}")
        start_response("200 OK", [("Content-Type", content_type), ("Content-Length", str(len(answer)))])
        return [answer]

    def _ports(self) -> dict[str, int]:
        try:
            ports: dict[str, int] = json.loads(self._listing.read_text())
        except FileNotFoundError:
            return {}
        return ports


def _ask(port: int, body: bytes, headers: dict[str, str]) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONGEST_INVOCATION_SECONDS)
    try:
        connection.request("POST", "/invocations", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type") or "application/octet-stream", answer.read()
    finally:
        connection.close()


def _error(start_response: Any, status: int, code: str, message: str) -> Iterable[bytes]:
    """An error as botocore reads it from SageMaker."""
    body = json.dumps({"Message": message, "message": message}).encode()
    reason = http.client.responses.get(status, "Error")
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("X-Amzn-ErrorType", code)]
    start_response(f"{status} {reason}", headers)
    return [body]
