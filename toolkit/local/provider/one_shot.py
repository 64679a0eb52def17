"""Runs a function once, in a process of its own, under its own role: what a deployment invokes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from toolkit.engine.provider import ProviderError
from toolkit.local.environment import resolved
from toolkit.local.provider.emulator import Backends
from toolkit.local.provider.invocation import FunctionCall

ROOT = Path(__file__).parents[3]
START_SECONDS = 20
LINES_OF_A_FAILURE = 15


class OneShotRunner:
    """Runs one call after another: migrations of the same schema would only wait for each other's lock."""

    def __init__(self, machine: Backends) -> None:
        self._machine = machine
        self._turn = threading.Lock()

    def __call__(self, call: FunctionCall) -> str:
        """The handler's answer as JSON.

        Raises:
            ProviderError: the handler failed, or was not done in its time; the message ends with its last lines.
        """
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment |= {
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), environment.get("PYTHONPATH")))),
            "AWS_ENDPOINT_URL": self._machine.aws_endpoint,
            "AWS_REGION": self._machine.region,
            "AWS_DEFAULT_REGION": self._machine.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            **self._machine.credentials(call.role_arn, call.name),
            **resolved(call.environment),
        }
        command = [sys.executable, "-m", "toolkit.local.lambda_runtime", "--once", "--handler", call.handler]
        command += ["--timeout", str(call.timeout_seconds), "--name", call.name]
        log = self._machine.logs / f"{call.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with self._turn, log.open("ab") as said:
            try:
                done = subprocess.run(
                    command,
                    input=call.event.encode(),
                    stdout=subprocess.PIPE,
                    stderr=said,
                    env=environment,
                    cwd=ROOT,
                    timeout=call.timeout_seconds + START_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired as late:
                raise ProviderError(
                    f"{call.name} was not done after {call.timeout_seconds} seconds; read {log}"
                ) from late
        if done.returncode:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-LINES_OF_A_FAILURE:])
            raise ProviderError(f"{call.name} failed: {done.stdout.decode()}\n{last}\nread {log}")
        return done.stdout.decode()
