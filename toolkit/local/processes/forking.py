"""Starts Python processes by forking one that has the libraries already: `python -m toolkit.local.processes.forking`.

Each line of standard input asks for a process (`Start`); each line of standard output says that one was started
(`{"started": PID}`) or has ended (`{"ended": PID, "code": N}`). Only libraries are imported ahead. The project's own
code is read when a process starts, so that one that starts again runs the code as it is then.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final

LIBRARIES: Final = (
    "asyncpg",
    "boto3",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "fastapi",
    "httptools",
    "httpx",
    "jwt",
    "opentelemetry.sdk.trace.export",
    "pydantic_settings",
    "redis.asyncio",
    "stripe",
    "structlog",
    "uvicorn",
    "uvloop",
)
"""What services and functions spend most of their start on. None of them reads the environment or starts a thread when
it is imported, as the Powertools do."""
READ_BYTES: Final = 65_536


@dataclass(frozen=True, kw_only=True)
class Start:
    """A process to start: `python -m MODULE ARGUMENTS` with this environment and nothing else."""

    module: str
    arguments: list[str]
    environment: Mapping[str, str]
    folder: str
    log: str

    def line(self) -> bytes:
        """As one line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"


def main() -> None:
    """Serves until standard input ends; in a forked process, runs what was asked for."""
    for library in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    gc.collect()
    gc.freeze()  # the pages of what is imported stay shared: collecting garbage would copy them
    started = _serve()
    if started is not None:
        runpy.run_module(started.module, run_name="__main__", alter_sys=True)


def _serve() -> Start | None:
    """Returns what to run in each forked process, and None in this one when standard input has ended."""
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    pending = b""
    while True:
        for pid, code in _ended():
            _say(ended=pid, code=code)
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, READ_BYTES)
        if 0 not in ready:
            continue
        received = os.read(0, READ_BYTES)
        if not received:
            return None
        *lines, pending = (pending + received).split(b"\n")
        for line in lines:
            start = Start(**json.loads(line))
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.close(woken)
                os.close(wake)
                _become(start)
                return start
            _say(started=pid)


def _ended() -> Iterator[tuple[int, int]]:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            yield ended[0], os.waitstatus_to_exitcode(ended[1])


def _become(start: Start) -> None:
    """Makes this forked process look as if it had been started on its own."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(start.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(nothing)
    os.close(log)
    os.environ.clear()
    os.environ.update(start.environment)
    os.chdir(start.folder)
    sys.argv = [start.module, *start.arguments]
    own_path = [start.folder, *filter(None, start.environment.get("PYTHONPATH", "").split(os.pathsep))]
    sys.path[:] = dict.fromkeys([*own_path, *sys.path])


def _say(**facts: int) -> None:
    os.write(1, json.dumps(facts).encode() + b"\n")


if __name__ == "__main__":
    main()
