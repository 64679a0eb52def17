"""Starts and stops the moto process."""

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

START_SECONDS = 30.0
HEALTH_PATH = "/_machine/health"


class MotoServer:
    """SQS, DynamoDB, Cognito, Secrets Manager, Step Functions, IAM and the rest, on one loopback port.

    `folder` keeps `moto.snapshot`, from which the next start continues, and `functions.json`, the workers to which
    Lambda invocations are forwarded.
    """

    def __init__(
        self, folder: Path, port: int | None = None, *, region: str = "us-east-1", log: Path | None = None
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.region = region
        self.log = log or folder / "moto.log"
        self._child: ChildProcess | None = None

    @property
    def url(self) -> str:
        """What `AWS_ENDPOINT_URL` is set to."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def functions(self) -> Path:
        """The JSON file that lists the workers: `{"function name": [port, ...]}`."""
        return self.folder / "functions.json"

    @property
    def snapshot(self) -> Path:
        return self.folder / "moto.snapshot"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.exit_code is None else None

    def start(self) -> None:
        """Returns once the services answer, with everything that the last run had."""
        if self.pid is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        pid_file = self.folder / "moto.pid"
        stop_leftover(pid_file, self.folder)
        require_free(self.port, "moto")
        command = [sys.executable, "-m", "toolkit.local.engines.moto", "--port", str(self.port)]
        command += ["--snapshot", str(self.snapshot.absolute()), "--functions", str(self.functions.absolute())]
        root = str(Path(__file__).parents[4])
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
            "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH")))),
            "AWS_DEFAULT_REGION": self.region,
            "MOTO_PORT": str(self.port),
        }
        self._child = ChildProcess(command, log=self.log, environment=environment, folder=self.folder)
        pid_file.write_text(str(self._child.pid))
        self._wait_ready(self._child)

    def stop(self) -> None:
        """Takes the last snapshot and ends."""
        if self._child is not None:
            self._child.stop(grace_seconds=20)
            self._child = None
            (self.folder / "moto.pid").unlink(missing_ok=True)

    def _wait_ready(self, child: ChildProcess) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and child.exit_code is None:
            if answers(f"{self.url}{HEALTH_PATH}"):
                return
            time.sleep(0.03)
        said = child.last_lines(6)
        child.stop()
        self._child = None
        raise ToolkitError(f"moto did not start:\n{said}", next_step=f"read {self.log}")
