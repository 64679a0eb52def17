"""Stops every process of a supervisor that died without stopping them itself.

`python -m toolkit.local.processes.reaper` reads `+ PID STARTED SIGNAL` and `- PID` lines from its standard input. The
pipe closes when its owner ends, however it ends; what is then still on the list is stopped, the last started first.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable

from toolkit.local.processes.identity import ProcessIdentity, stop_processes

GRACE_SECONDS = 8.0


def reap(lines: Iterable[str]) -> None:
    """Follows the list until it ends, then stops what is left on it."""
    alive: dict[int, ProcessIdentity] = {}
    for line in lines:
        operation, pid, *rest = line.split()
        alive.pop(int(pid), None)
        if operation == "+":
            started, stop_signal = rest
            alive[int(pid)] = ProcessIdentity(pid=int(pid), started=float(started), stop_signal=int(stop_signal))
    stop_processes(list(reversed(alive.values())), grace_seconds=GRACE_SECONDS)


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    reap(sys.stdin)
