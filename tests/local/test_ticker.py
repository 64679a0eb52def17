"""Schedules of this machine, over a real worker's port."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from toolkit.local.lambda_functions.ticker import Schedule, Ticker, next_due
from toolkit.local.lambda_functions.workers import Workers


class Function:
    """A function that keeps its events, and fails the first of them."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.called = threading.Semaphore(0)
        function = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                function.events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                if len(function.events) == 1:
                    self.send_header("X-Amz-Function-Error", "Unhandled")
                self.end_headers()
                self.wfile.write(b'"boom"')
                function.called.release()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def function() -> Iterator[Function]:
    made = Function()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_function_is_called_at_its_rate_also_after_a_failure(
    function: Function, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    listing = tmp_path / "workers.json"
    listing.write_text(json.dumps({"payouts-1": [function.server.server_port]}))
    rate = Schedule(name="payouts", function_name="payouts-1", every_seconds=0.05, payload='{"trigger": "schedule"}')
    ticker = Ticker(rate, Workers(listing))
    running = threading.Thread(target=ticker.run)
    running.start()
    assert all(function.called.acquire(timeout=10) for _ in range(3))
    ticker.stop()
    running.join(timeout=10)
    assert not running.is_alive()
    assert function.events[:3] == [{"trigger": "schedule"}] * 3
    assert "payouts-1 failed" in caplog.text


def test_a_function_that_no_worker_runs_is_called_again_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    listing = tmp_path / "workers.json"
    listing.write_text("{}")
    Ticker(Schedule(name="payouts", function_name="payouts-1", every_seconds=60), Workers(listing)).call()
    assert "no worker answers" in caplog.text


@pytest.mark.parametrize(("now", "then"), [(100, 160), (159.9, 160), (160, 220), (400.5, 460), (40, 160)])
def test_times_that_went_by_during_a_long_call_are_left_out(now: float, then: float) -> None:
    assert next_due(100, now, 60) == then
