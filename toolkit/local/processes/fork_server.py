"""The process that the stack's Python processes are forked from, which saves each of them a second of imports."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from toolkit.local.processes.environment import ROOT, of_server
from toolkit.local.processes.forking import Start
from toolkit.local.processes.identity import ProcessIdentity

START_SECONDS = 20.0
GONE = -9
"""The exit code of a process whose fork server ended before it: nobody could ask for the real one."""


class ForkServer:
    """Starts with `start`, which returns at once: the libraries are imported while others work.

    Only on Linux: macOS ends forked processes that use its network libraries.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._answers = threading.Condition()
        self._started: list[int] = []
        self._codes: dict[int, int] = {}
        self._asking = threading.Lock()
        self._gone = False

    def start(self) -> None:
        """Starts the process. Forked processes can be asked for at once; they wait until it is ready."""
        if sys.platform != "linux":
            self._gone = True
            return
        self._process = subprocess.Popen(
            [sys.executable, "-m", "toolkit.local.processes.forking"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=of_server({}),
            cwd=ROOT,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(self._process,), name="fork-server", daemon=True).start()

    def stop(self) -> None:
        """Ends the process; what it forked goes on."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()
            self._process = None

    def fork(
        self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path
    ) -> ForkedProcess | None:
        """Starts `python -m MODULE ...`; None for any other command, and when the server has ended."""
        if list(command[:2]) != [sys.executable, "-m"]:
            return None
        start = Start(
            module=command[2],
            arguments=list(command[3:]),
            environment=environment,
            folder=str(folder),
            log=str(log.absolute()),
        )
        with self._asking, self._answers:
            if self._gone or self._process is None or self._process.stdin is None:
                return None
            try:
                self._process.stdin.write(start.line())
                self._process.stdin.flush()
            except OSError:
                return None
            self._answers.wait_for(lambda: self._started or self._gone, START_SECONDS)
            if self._started:
                return ForkedProcess(ProcessIdentity.of(self._started.pop(0)), self)
            self._process.kill()  # an answer that comes later would be taken for that of the next request
            return None

    def exit_code(self, identity: ProcessIdentity, wait_seconds: float | None = 0.0) -> int | None:
        """Of a forked process; None when it still runs after waiting so long (None: as long as it takes)."""
        with self._answers:
            self._answers.wait_for(lambda: self._gone or identity.pid in self._codes, wait_seconds)
            if not self._gone or identity.pid in self._codes:
                return self._codes.get(identity.pid)
        return _code_of_orphan(identity, wait_seconds)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101 - a pipe
        for line in process.stdout:
            said = json.loads(line)
            with self._answers:
                if "started" in said:
                    self._codes.pop(said["started"], None)  # of an earlier process that had this pid
                    self._started.append(said["started"])
                else:
                    self._codes[said["ended"]] = said["code"]
                self._answers.notify_all()
        with self._answers:
            self._gone = True
            self._answers.notify_all()


class ForkedProcess:
    """A process of the fork server, with the methods of `subprocess.Popen` that a `ChildProcess` needs."""

    def __init__(self, identity: ProcessIdentity, server: ForkServer) -> None:
        self._identity = identity
        self._server = server

    @property
    def pid(self) -> int:
        return self._identity.pid

    def poll(self) -> int | None:
        return self._server.exit_code(self._identity)

    def wait(self, timeout: float | None = None) -> int:
        """Raises `subprocess.TimeoutExpired`."""
        code = self._server.exit_code(self._identity, timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        if (process := self._identity.find()) is not None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _code_of_orphan(identity: ProcessIdentity, wait_seconds: float | None) -> int | None:
    """For a process that outlived the fork server: its own code is lost, whether it runs can be seen."""
    deadline = None if wait_seconds is None else time.monotonic() + wait_seconds
    while identity.find() is not None:
        if deadline is not None and time.monotonic() >= deadline:
            return None
        time.sleep(0.02)
    return GONE
