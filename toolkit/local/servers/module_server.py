"""An HTTP server of this toolkit or its dependencies, as a Python process of its own."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from toolkit.errors import ToolkitError
from toolkit.local.processes.child_process import ChildProcess
from toolkit.local.processes.environment import of_server
from toolkit.local.processes.fork_server import ForkServer
from toolkit.local.processes.health import answers
from toolkit.local.processes.identity import stop_leftover
from toolkit.local.processes.ports import free_port, require_free

START_SECONDS = 30.0


class ModuleServer:
    """Started with `python -m MODULE`, ready when `ready_path` answers, stopped with SIGTERM."""

    title: str
    module: str
    ready_path: str
    stop_seconds = 8.0

    def __init__(self, folder: Path, port: int | None, *, log: Path | None, forks: ForkServer | None = None) -> None:
        """With `forks` it is forked from that server, if it runs."""
        self.folder = folder
        self.port = port or free_port()
        self.log = log or folder / "server.log"
        self._forks = forks
        self._child: ChildProcess | None = None

    @property
    def url(self) -> str:
        """Base URL of the server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.exit_code is None else None

    def arguments(self) -> Sequence[str]:
        """What follows the module in the command."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """What is added to the environment."""
        return {}

    def start(self) -> None:
        """Returns once the server answers, with everything that the last run had."""
        if self.pid is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        stop_leftover(self._pid_file, self.folder)
        require_free(self.port, self.title)
        child = ChildProcess(
            [sys.executable, "-m", self.module, *self.arguments()],
            log=self.log,
            environment=of_server(self.environment()),
            folder=self.folder,
            forks=self._forks,
        )
        self._child = child
        self._pid_file.write_text(str(child.pid))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and child.exit_code is None:
            if answers(f"{self.url}{self.ready_path}"):
                return
            time.sleep(0.03)
        said = child.last_lines(8)
        self.stop()
        raise ToolkitError(f"{self.title} did not start:\n{said}", next_step=f"read {self.log}")

    def stop(self) -> None:
        """Ends with everything on disk."""
        if self._child is not None:
            self._child.stop(self.stop_seconds)
            self._child = None
            self._pid_file.unlink(missing_ok=True)

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.module.rpartition('.')[2]}.pid"
