"""One started process: its log, its identity, its end."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from toolkit.local.processes.environment import ROOT
from toolkit.local.processes.fork_server import ForkedProcess, ForkServer
from toolkit.local.processes.identity import ProcessIdentity, stop_processes

LOG_TAIL_BYTES = 16_384


class ChildProcess:
    """A process in a session of its own, so that Ctrl-C reaches only its parent.

    It sees `environment` and nothing else of the one that starts it. Its output goes to `log`. It is stopped by
    `stop`, or by the reaper when the starting process dies first.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str],
        folder: Path | None = None,
        user: int | None = None,
        stop_signal: int = signal.SIGTERM,
        forks: ForkServer | None = None,
    ) -> None:
        """With `forks`, a Python module is forked from that server, if it runs."""
        log.parent.mkdir(parents=True, exist_ok=True)
        self._process = self._fork(forks, command, log, environment, folder) or self._spawn(
            command, log, environment, folder, user
        )
        self.log = log
        self.identity = ProcessIdentity.of(self._process.pid, stop_signal)
        _reaper.watch(self.identity)

    @staticmethod
    def _fork(
        forks: ForkServer | None, command: Sequence[str], log: Path, environment: Mapping[str, str], folder: Path | None
    ) -> ForkedProcess | None:
        return forks.fork(command, log=log, environment=environment, folder=folder or Path.cwd()) if forks else None

    @staticmethod
    def _spawn(
        command: Sequence[str], log: Path, environment: Mapping[str, str], folder: Path | None, user: int | None
    ) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                cwd=folder,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """`None` while it runs; negative when a signal ended it."""
        return self._process.poll()

    def signal(self, number: int) -> None:
        """Sends a signal; one that comes too late is not an error."""
        if self.exit_code is None:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> int | None:
        """The exit code, `None` when it still runs after that time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def stop(self, grace_seconds: float = 8.0) -> None:
        """Asks it to end, kills it with its children after the grace, and waits until it is gone."""
        if self.exit_code is None:
            children = self._children()
            self.signal(self.identity.stop_signal)
            if self.wait(grace_seconds) is None:
                self._process.kill()
                self._process.wait()
                stop_processes(children, grace_seconds=0)
        _reaper.forget(self.identity)

    def last_lines(self, count: int = 15) -> str:
        """The end of its log."""
        return last_lines(self.log, count)

    def _children(self) -> list[ProcessIdentity]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return [
                ProcessIdentity(pid=child.pid, started=child.create_time())
                for child in psutil.Process(self.pid).children(recursive=True)
            ]
        return []


def last_lines(log: Path, count: int) -> str:
    """The last lines of a log file, empty when there is none."""
    try:
        with log.open("rb") as content:
            content.seek(max(0, log.stat().st_size - LOG_TAIL_BYTES))
            return "\n".join(content.read().decode(errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""


class _Reaper:
    """The reaper process of this process: started with the first child, it gets the pid of each one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def watch(self, identity: ProcessIdentity) -> None:
        self._send(f"+ {identity.pid} {identity.started} {identity.stop_signal}")

    def forget(self, identity: ProcessIdentity) -> None:
        self._send(f"- {identity.pid}")

    def _send(self, line: str) -> None:
        with self._lock:
            if self._process is None or self._owner != os.getpid():
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "toolkit.local.processes.reaper"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # it outlives its owner, whose pipes must not stay open
                    text=True,
                    start_new_session=True,
                    cwd=ROOT,
                )
                self._owner = os.getpid()
                atexit.register(self._close, self._process)
            pipe = self._process.stdin
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.write(f"{line}\n")
                    pipe.flush()

    @staticmethod
    def _close(process: subprocess.Popen[str]) -> None:
        if process.stdin is not None:
            process.stdin.close()
        process.wait()


_reaper = _Reaper()
