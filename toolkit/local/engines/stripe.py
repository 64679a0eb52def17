"""The double of Stripe's API, in a process of its own."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from toolkit.errors import ToolkitError
from toolkit.local.child_process import ChildProcess
from toolkit.local.health import answers
from toolkit.local.identity import stop_leftover
from toolkit.local.ports import free_port, require_free

START_SECONDS = 20.0
ROOT = Path(__file__).parents[3]


class StripeServer:
    """Accounts, payments, transfers and webhooks over Stripe's own HTTP API; `folder` keeps them between runs."""

    def __init__(self, folder: Path, port: int | None = None, *, api_key: str, log: Path | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.api_key = api_key
        self.log = log or folder / "server.log"
        self._child: ChildProcess | None = None

    @property
    def url(self) -> str:
        """What the `stripe` SDK takes as the base address of the API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.exit_code is None else None

    def start(self) -> None:
        """Returns once the API answers."""
        if self.pid is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        pid_file = self.folder / "server.pid"
        stop_leftover(pid_file, self.folder)
        require_free(self.port, "the Stripe double")
        command = [sys.executable, "-m", "toolkit.local.stripe", "--port", str(self.port)]
        command += ["--state", str(self.folder.absolute()), "--api-key", self.api_key]
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        child = ChildProcess(command, log=self.log, environment={**os.environ, "PYTHONPATH": path}, folder=self.folder)
        self._child = child
        pid_file.write_text(str(child.pid))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and child.exit_code is None:
            if answers(f"{self.url}/_double/health"):
                return
            time.sleep(0.03)
        said = child.last_lines(8)
        self.stop()
        raise ToolkitError(f"the Stripe double did not start:\n{said}", next_step=f"read {self.log}")

    def stop(self) -> None:
        """Ends with everything on disk."""
        if self._child is not None:
            self._child.stop()
            self._child = None
            (self.folder / "server.pid").unlink(missing_ok=True)
