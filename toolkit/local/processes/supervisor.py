"""Keeps the processes of the stack running."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from toolkit.errors import ToolkitError
from toolkit.local.processes.child_process import ChildProcess
from toolkit.local.processes.environment import ROOT, Account, of_workload
from toolkit.local.processes.fork_server import ForkServer
from toolkit.local.processes.health import answers
from toolkit.local.processes.ports import require_free
from toolkit.local.processes.spec import Kind, ProcessSpec

HEALTHY_WITHIN_SECONDS = 30.0
STOP_WITHIN_SECONDS = 8.0
FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 10.0
STEADY_AFTER_SECONDS = 30.0
"""A process that ran this long starts again at once when it ends."""
WATCH_SECONDS = 0.05
LOG_LINES = 15

STOPPED_FIRST: tuple[Kind, ...] = ("gateway", "poller")
"""Kinds that bring work to the others."""

log = logging.getLogger(__name__)


class Host(Account, Protocol):
    """What the supervisor needs of the machine."""

    @property
    def logs(self) -> Path: ...
    @property
    def workers(self) -> Path: ...
    @property
    def forks(self) -> ForkServer | None: ...
    def record(self, name: str, pid: int | None) -> None: ...
    def revive(self) -> None: ...


@dataclass(kw_only=True)
class Supervised:
    """A process, and how it fares."""

    spec: ProcessSpec
    child: ChildProcess
    started: float
    failures: int = 0
    """How often in a row it ended early or could not be started."""
    start_again_at: float | None = None


class Supervisor:
    """Starts processes in order, restarts those that crash (servers too), stops gateway and pollers, then the rest."""

    def __init__(self, specs: Sequence[ProcessSpec], machine: Host) -> None:
        self._specs = specs
        self._machine = machine
        self._running: dict[str, Supervised] = {}
        self._changing = threading.RLock()
        self._ending = threading.Event()
        self._watch: threading.Thread | None = None

    def start(self) -> None:
        """Starts every process at once and returns when all are ready.

        When one of them does not get ready, all are stopped; the `ToolkitError` holds the end of its log.
        """
        try:
            for spec in self._specs:
                if spec.port is not None:
                    require_free(spec.port, spec.name)
                self._start(spec)
            self._list_workers()
            self._wait_ready()
        except BaseException:
            self.stop()
            raise
        self._watch = threading.Thread(target=self._keep_running, name="supervisor", daemon=True)
        self._watch.start()

    def stop(self) -> None:
        """Stops gateway and pollers, then all others, each group at once, with SIGTERM and after a grace SIGKILL."""
        self._ending.set()
        if self._watch is not None:
            self._watch.join()
            self._watch = None
        with self._changing:
            for first in (True, False):
                self._stop_together(
                    [one for one in self._running.values() if (one.spec.kind in STOPPED_FIRST) is first]
                )
            self._running.clear()
            self._machine.workers.unlink(missing_ok=True)

    def _stop_together(self, group: Sequence[Supervised]) -> None:
        with ThreadPoolExecutor(max(1, len(group))) as pool:
            for outcome in [pool.submit(one.child.stop, STOP_WITHIN_SECONDS) for one in group]:
                outcome.result()
        for one in group:
            self._machine.record(one.spec.name, None)

    def pids(self) -> dict[str, int]:
        """The processes that run now."""
        with self._changing:
            return {
                name: supervised.child.pid
                for name, supervised in self._running.items()
                if supervised.child.exit_code is None
            }

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self._machine.logs / f"{name}.log"

    def _start(self, spec: ProcessSpec) -> None:
        environment = of_workload(self._machine, spec.name, spec.role_arn, spec.environment)
        child = ChildProcess(
            spec.command, log=self.log(spec.name), environment=environment, folder=ROOT, forks=self._machine.forks
        )
        with self._changing:
            known = self._running.get(spec.name)
            if known is None:
                self._running[spec.name] = Supervised(spec=spec, child=child, started=time.monotonic())
            else:
                known.child, known.started, known.start_again_at = child, time.monotonic(), None
        self._machine.record(spec.name, child.pid)

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + HEALTHY_WITHIN_SECONDS
        waiting = dict(self._running)
        while waiting:
            for name, supervised in list(waiting.items()):
                if supervised.child.exit_code is not None:
                    raise self._not_ready(supervised, f"ended with code {supervised.child.exit_code}")
                if supervised.spec.ready_url is None or answers(supervised.spec.ready_url):
                    del waiting[name]
                elif time.monotonic() > deadline:
                    raise self._not_ready(supervised, f"did not get ready in {HEALTHY_WITHIN_SECONDS:.0f} seconds")
            time.sleep(0.02)

    def _not_ready(self, supervised: Supervised, what: str) -> ToolkitError:
        name = supervised.spec.name
        return ToolkitError(
            f"{name} {what}. Its last lines:\n{supervised.child.last_lines(LOG_LINES)}",
            next_step=f"read {self.log(name)} (`marketplace logs {name}`)",
        )

    def _keep_running(self) -> None:
        while not self._ending.wait(WATCH_SECONDS):
            self._revive_servers()
            for supervised in list(self._running.values()):
                if supervised.child.exit_code is not None and not self._ending.is_set():
                    self._attend(supervised)

    def _revive_servers(self) -> None:
        try:
            self._machine.revive()
        except Exception as failure:  # the thread must go on and try again
            log.warning("a server that ended cannot be started now: %s", failure)
            self._ending.wait(LONGEST_BACKOFF_SECONDS)

    def _attend(self, ended: Supervised) -> None:
        now = time.monotonic()
        if ended.start_again_at is None:
            ended.child.stop()
            ended.failures = 0 if now - ended.started > STEADY_AFTER_SECONDS else ended.failures + 1
            ended.start_again_at = now + _backoff_seconds(ended.failures)
        if now >= ended.start_again_at:
            self._start_again(ended)

    def _start_again(self, ended: Supervised) -> None:
        try:
            self._start(ended.spec)
        except Exception as failure:  # for example, moto is down and issues no credentials
            ended.failures += 1
            ended.start_again_at = time.monotonic() + max(FIRST_BACKOFF_SECONDS, _backoff_seconds(ended.failures))
            log.warning("%s cannot be started now, it is tried again: %s", ended.spec.name, failure)

    def _list_workers(self) -> None:
        workers: dict[str, list[int]] = {}
        for spec in self._specs:
            if spec.function_name is not None and spec.port is not None:
                workers.setdefault(spec.function_name, []).append(spec.port)
        listing = self._machine.workers
        part = listing.with_suffix(".part")
        part.write_text(json.dumps(workers, indent=2))
        part.replace(listing)


def _backoff_seconds(failures: int) -> float:
    return min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** (failures - 1)) if failures > 1 else 0.0
