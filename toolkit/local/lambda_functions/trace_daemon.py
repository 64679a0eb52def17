"""The X-Ray daemon that Lambda runs beside a function: takes segments as datagrams, and sends them on under the
function's own role."""

from __future__ import annotations

import logging
import os
import socket
import threading
from typing import Any

LONGEST_DATAGRAM = 65_535
MOST_SEGMENTS = 50
"""In one call of PutTraceSegments."""
GATHER_SECONDS = 0.2
_log = logging.getLogger(__name__)


class TraceDaemon:
    """Listens on a free port of loopback, in a thread, as long as the process lives."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self._socket.getsockname())
        self._client: Any = None

    def start(self) -> None:
        threading.Thread(target=self._run, name="x-ray daemon", daemon=True).start()

    def _run(self) -> None:
        while True:
            segments = [self._receive(None)]
            while len(segments) < MOST_SEGMENTS and (more := self._receive(GATHER_SECONDS)):
                segments.append(more)
            try:
                self._forward(segments)
            except Exception as error:  # a trace that is lost is no reason to end
                _log.warning("segments were not sent: %r", error)

    def _receive(self, seconds: float | None) -> str:
        """One segment, empty when none came in time. Its datagram starts with a line that says how it is written."""
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(LONGEST_DATAGRAM).partition(b"\n")[2].decode()
        except TimeoutError:
            return ""

    def _forward(self, segments: list[str]) -> None:
        if self._client is None:
            import boto3

            self._client = boto3.client("xray", region_name=os.environ["AWS_REGION"])
        self._client.put_trace_segments(TraceSegmentDocuments=segments)
