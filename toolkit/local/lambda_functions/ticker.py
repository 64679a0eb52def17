"""Schedules: `python -m toolkit.local.lambda_functions.ticker --schedules FILE --workers FILE`.

Does for each schedule what EventBridge Scheduler does: invokes the Lambda function at its rate, the first time one
period after the start. A function that is still at work when its time comes is called at the next one. The file holds
a list of `Schedule`.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from toolkit.local.lambda_functions.workers import NoWorker, Workers

log = logging.getLogger("ticker")


class Schedule(BaseModel):
    """From a rate to a Lambda function."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    function_name: str
    every_seconds: float = Field(gt=0)
    payload: str = "{}"
    """The event, as JSON."""


class Ticker:
    """Calls one function at its rate until `stop`."""

    def __init__(self, schedule: Schedule, workers: Workers, clock: Callable[[], float] = time.monotonic) -> None:
        self._schedule = schedule
        self._workers = workers
        self._clock = clock
        self._ending = threading.Event()

    def run(self) -> None:
        """Never raises: what fails is logged, and the function is called again when its time comes."""
        due = self._clock() + self._schedule.every_seconds
        while not self._ending.wait(max(0.0, due - self._clock())):
            try:
                self.call()
            except Exception:
                log.exception("%s cannot be called now", self._schedule.function_name)
            due = next_due(due, self._clock(), self._schedule.every_seconds)

    def call(self) -> None:
        """Invokes the function once."""
        try:
            done = self._workers.invoke(self._schedule.function_name, self._schedule.payload.encode())
        except NoWorker as missing:
            log.warning("%s", missing.message)
            return
        if done.function_error is not None:
            log.warning("%s failed: %s", self._schedule.function_name, done.payload.decode(errors="replace")[:500])

    def stop(self) -> None:
        """Ends after the call that is under way."""
        self._ending.set()


def next_due(due: float, now: float, period: float) -> float:
    """The first time after `now` that is a whole number of periods after `due`: times that went by are left out."""
    return due + period * (max(0, int((now - due) // period)) + 1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m toolkit.local.lambda_functions.ticker")
    parser.add_argument("--schedules", type=Path, required=True)
    parser.add_argument("--workers", type=Path, required=True, help="JSON: Lambda function name to its workers' ports")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    schedules = TypeAdapter(list[Schedule]).validate_json(arguments.schedules.read_bytes())
    workers = Workers(arguments.workers)
    tickers = [Ticker(schedule, workers) for schedule in schedules]
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    threads = [threading.Thread(target=ticker.run, daemon=True) for ticker in tickers]
    for thread in threads:
        thread.start()
    ending.wait()
    for ticker in tickers:
        ticker.stop()
    for thread in threads:
        thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
