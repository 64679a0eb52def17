"""The process of a Lambda function.

`python -m toolkit.local.lambda_functions.runtime --handler a.b.handler --port N --timeout S` speaks the protocol of
Lambda's Runtime Interface Emulator, one invocation at a time. With `--once` it reads one event from standard input and
writes the result to standard output instead of serving.
"""

from __future__ import annotations

import argparse
import os
import queue
import signal
import socket
import sys
import threading
import time
import uuid
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from toolkit.local.lambda_functions.configuration import LambdaConfiguration
from toolkit.local.lambda_functions.handler import Answer, Handler, InitError, failure
from toolkit.local.lambda_functions.trace_daemon import TraceDaemon
from toolkit.local.lambda_functions.workers import (
    FUNCTION_ERROR_HEADER,
    INVOCATION_PATH,
    REQUEST_ID_HEADER,
    TRACE_HEADER,
)

MOST_EVENT_BYTES = 6 * 1024 * 1024
TIMED_OUT_EXIT_CODE = 124
ENDING_CHECK_SECONDS = 0.1
"""How often an event that waits for its turn checks whether this process ends."""
ENDING_GRACE_SECONDS = 3.0
"""How long the process stays to send waiting events back."""


@dataclass(frozen=True, kw_only=True)
class Invoked:
    """One event on its way to the handler."""

    event: bytes
    request_id: str
    trace: str
    answer: Future[Answer] = field(default_factory=Future)
    started: threading.Event = field(default_factory=threading.Event)


class ProcessEnding(Exception):
    """This process is about to end: the event was not handled, another process may take it."""


class Runtime:
    """Runs invocations one after another in the main thread, as Lambda does."""

    def __init__(self, configuration: LambdaConfiguration, handler: Handler) -> None:
        self._configuration = configuration
        self._handler = handler
        self._waiting: queue.SimpleQueue[Invoked | None] = queue.SimpleQueue()
        self._ending = threading.Event()
        self.open_requests = 0
        self.counting = threading.Lock()

    def run(self) -> None:
        """Serves until `stop`."""
        while (invoked := self._waiting.get()) is not None:
            invoked.started.set()
            invoked.answer.set_result(self.invoke(invoked))

    def stop(self) -> None:
        """Ends after the invocations that already wait."""
        self._waiting.put(None)

    def invoke(self, invoked: Invoked) -> Answer:
        """One invocation, in this thread."""
        os.environ["_X_AMZN_TRACE_ID"] = invoked.trace
        return self._handler.call(
            invoked.event,
            request_id=invoked.request_id,
            deadline=time.time() + self._configuration.timeout_seconds,
            configuration=self._configuration,
        )

    def answer(self, invoked: Invoked) -> tuple[Answer, bool]:
        """Hands the event over and waits; the second value is true when the time is up and the process must end.

        Raises `ProcessEnding` when another event's time-out ends the process before this one began.
        """
        self._waiting.put(invoked)
        while not invoked.started.wait(ENDING_CHECK_SECONDS):
            if self._ending.is_set():
                raise ProcessEnding
        try:
            return invoked.answer.result(self._configuration.timeout_seconds), False
        except FutureTimeoutError:
            self._ending.set()
            message = f"{invoked.request_id} Task timed out after {self._configuration.timeout_seconds:.2f} seconds"
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            return failure("Sandbox.Timedout", f"{now} {message}", invoked.request_id), True

    def leave_to_others(self) -> None:
        """Waits until every event in line has been sent back, for another process to take."""
        deadline = time.monotonic() + ENDING_GRACE_SECONDS
        while self.open_requests > 1 and time.monotonic() < deadline:
            time.sleep(0.01)


class RuntimeServer(ThreadingHTTPServer):
    """Accepts invocations on loopback; each waits in a thread of its own for its turn."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, runtime: Runtime) -> None:
        super().__init__(("127.0.0.1", port), _Request)
        self.runtime = runtime

    def refuse(self) -> None:
        """Takes no more connections, from this moment: a mere close waits for the thread that accepts them."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # not every system can shut a listening socket down
            self.socket.close()


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._send(200, b'"ready"', {})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != INVOCATION_PATH or length > MOST_EVENT_BYTES:
            self._send(404 if self.path != INVOCATION_PATH else 413, b"", {"Connection": "close"})
            return
        request_id = self.headers.get(REQUEST_ID_HEADER) or str(uuid.uuid4())
        invoked = Invoked(
            event=self.rfile.read(length) or b"{}",
            request_id=request_id,
            trace=self.headers.get(TRACE_HEADER) or new_trace(),
        )
        server = cast(RuntimeServer, self.server)
        with server.runtime.counting:
            server.runtime.open_requests += 1
        try:
            self._answer(server, invoked)
        finally:
            with server.runtime.counting:
                server.runtime.open_requests -= 1

    def _answer(self, server: RuntimeServer, invoked: Invoked) -> None:
        try:
            answer, out_of_time = server.runtime.answer(invoked)
        except ProcessEnding:
            self._send(503, b"", {"Connection": "close"})
            return
        headers = {REQUEST_ID_HEADER: invoked.request_id}
        if answer.is_error:
            headers[FUNCTION_ERROR_HEADER] = "Unhandled"
        if out_of_time:
            server.refuse()  # later calls wait for the next process
        self._send(200, answer.payload, headers)
        if out_of_time:
            # The handler cannot be interrupted: Lambda throws the environment away, the supervisor starts a new one.
            server.runtime.leave_to_others()
            os._exit(TIMED_OUT_EXIT_CODE)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def new_trace() -> str:
    """An X-Ray trace header that asks for no recording: only what belongs to a recorded request is kept here."""
    return f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Parent={uuid.uuid4().hex[:16]};Sampled=0"


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0, or 1 when the handler cannot be loaded or the one event ended in an error."""
    parser = argparse.ArgumentParser(prog="python -m toolkit.local.lambda_functions.runtime")
    parser.add_argument("--handler", required=True, help="module and function, as in the image's command")
    parser.add_argument("--timeout", type=float, default=3.0, help="seconds")
    parser.add_argument("--memory", type=int, default=128, help="MiB, shown to the handler, not enforced")
    parser.add_argument("--name", default="function")
    parser.add_argument("--arn", default="")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--port", type=int)
    how.add_argument("--once", action="store_true", help="one event from standard input, result on standard output")
    chosen = parser.parse_args(arguments)
    configuration = LambdaConfiguration(
        name=chosen.name,
        timeout_seconds=chosen.timeout,
        memory_mib=chosen.memory,
        arn=chosen.arn
        or f"arn:aws:lambda:{os.environ.get('AWS_REGION', 'us-east-1')}:123456789012:function:{chosen.name}",
    )
    os.environ.update(configuration.environment(chosen.handler))
    if "AWS_ENDPOINT_URL" in os.environ:
        daemon = TraceDaemon()
        daemon.start()
        os.environ["AWS_XRAY_DAEMON_ADDRESS"] = daemon.address
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    result = sys.stdout
    if chosen.once:
        sys.stdout = sys.stderr  # what the handler prints must not mix with its result
    try:
        handler = Handler.load(chosen.handler)
    except InitError as error:
        sys.stderr.write(f"{error.details}\n")
        return 1
    runtime = Runtime(configuration, handler)
    if chosen.once:
        answer = runtime.invoke(Invoked(event=sys.stdin.buffer.read(), request_id=str(uuid.uuid4()), trace=new_trace()))
        result.write(answer.payload.decode())
        return int(answer.is_error)
    server = RuntimeServer(chosen.port, runtime)
    signal.signal(signal.SIGTERM, lambda *_: runtime.stop())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    runtime.run()
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
