"""Which process is meant: a pid alone is reused by the system, a pid with its start time is not."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

CLOCK_STEP_SECONDS = 2.0
"""How far a start time may move when the system's clock is corrected."""


@dataclass(frozen=True, kw_only=True)
class ProcessIdentity:
    """A process that was started once, recognizable after its pid went to another."""

    pid: int
    started: float
    stop_signal: int = signal.SIGTERM

    @classmethod
    def of(cls, pid: int, stop_signal: int = signal.SIGTERM) -> ProcessIdentity:
        """Takes the identity of a process that was started just now. One that has ended already is never found."""
        try:
            started = psutil.Process(pid).create_time()
        except psutil.NoSuchProcess:
            started = 0.0
        return cls(pid=pid, started=started, stop_signal=stop_signal)

    def find(self) -> psutil.Process | None:
        """The process, `None` when it has ended (a zombie has ended)."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= CLOCK_STEP_SECONDS
            if same and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


def stop_processes(identities: Sequence[ProcessIdentity], *, grace_seconds: float) -> None:
    """Stops the processes in the given order: each one's own signal first, SIGKILL after the grace."""
    asked = []
    for identity in identities:
        process = identity.find()
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(identity.stop_signal)
                asked.append(identity)
    deadline = time.monotonic() + grace_seconds
    while asked and time.monotonic() < deadline:
        asked = [identity for identity in asked if identity.find() is not None]
        time.sleep(0.02)
    for identity in asked:
        process = identity.find()
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def stop_leftover(pid_file: Path, folder: Path, stop_signal: int = signal.SIGTERM) -> None:
    """Stops the server that wrote `pid_file`, if it still runs in `folder`, and removes the file.

    A server outlives its owner only when both the owner and the reaper were killed; the file of a server that
    ended without removing it may name a process that has nothing to do with it, which is left alone.
    """
    with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
        pid = int(pid_file.read_text().split()[0])
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if Path(psutil.Process(pid).cwd()) == folder.resolve():
                stop_processes([ProcessIdentity.of(pid, stop_signal)], grace_seconds=10)
        pid_file.unlink(missing_ok=True)
