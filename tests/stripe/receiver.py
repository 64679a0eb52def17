"""A webhook receiver that keeps each request and answers as a test sets it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, kw_only=True)
class Received:
    """The raw bytes and the signature of one delivery."""

    payload: bytes
    signature: str


@dataclass
class Receiver:
    """`answers` are the statuses of the next deliveries; after them, 200."""

    url: str
    answers: list[int]
    received: list[Received] = field(default_factory=list)

    def wait_for(self, count: int) -> list[Received]:
        """The deliveries, as soon as there are `count`."""
        deadline = time.monotonic() + 10
        while len(self.received) < count:
            assert time.monotonic() < deadline, f"{len(self.received)} deliveries came, {count} were expected"
            time.sleep(0.01)
        return self.received


@contextmanager
def receiving(*answers: int, port: int = 0) -> Iterator[Receiver]:
    """A receiver on a free port, or on `port`."""
    receiver = Receiver(url="", answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            payload = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.answers.pop(0) if receiver.answers else 200
            receiver.received.append(Received(payload=payload, signature=self.headers["stripe-signature"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/stripe"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
