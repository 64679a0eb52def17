"""Calls functions during a deployment: each in a process of its own, under its own role, warm until the next change."""

from __future__ import annotations

import os
import sys
import threading
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

from toolkit.engine.provider import ProviderError
from toolkit.local.child_process import ChildProcess
from toolkit.local.environment import resolved
from toolkit.local.health import answers
from toolkit.local.invocation import FUNCTION_ERROR_HEADER, INVOCATION_PATH
from toolkit.local.ports import free_port
from toolkit.local.provider.emulator import Backends
from toolkit.local.provider.invocation import FunctionCall

ROOT = Path(__file__).parents[3]
START_SECONDS = 20
LINES_OF_A_FAILURE = 15


class FunctionRunner:
    """Runs one call after another: migrations of the same schema would only wait for each other's lock."""

    def __init__(self, machine: Backends) -> None:
        self._machine = machine
        self._turn = threading.Lock()
        self._warm: dict[FunctionCall, tuple[ChildProcess, int]] = {}

    def __call__(self, call: FunctionCall) -> str:
        """The handler's answer as JSON.

        Raises:
            ProviderError: the handler failed, or was not done in its time; the message says where to read on.
        """
        with self._turn:
            child, port = self._worker(replace(call, event=""))
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}{INVOCATION_PATH}", data=call.event.encode(), method="POST"
            )
            try:
                with urllib.request.urlopen(request, timeout=call.timeout_seconds + START_SECONDS) as answer:  # noqa: S310
                    payload = str(answer.read().decode())
                    failed = answer.headers.get(FUNCTION_ERROR_HEADER)
            except OSError as lost:
                raise ProviderError(f"{call.name} ended before it answered; read {child.log}") from lost
        if failed:
            raise ProviderError(f"{call.name} failed: {payload}; read {child.log}")
        return payload

    def close(self) -> None:
        """Ends the processes that are still warm."""
        with self._turn:
            for child, _ in self._warm.values():
                child.stop()
            self._warm.clear()

    def _worker(self, function: FunctionCall) -> tuple[ChildProcess, int]:
        if function not in self._warm or self._warm[function][0].exit_code is not None:
            self._warm[function] = self._start(function)
        return self._warm[function]

    def _start(self, function: FunctionCall) -> tuple[ChildProcess, int]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment = {
            **inherited,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), inherited.get("PYTHONPATH")))),
            "AWS_ENDPOINT_URL": self._machine.aws_endpoint,
            "AWS_REGION": self._machine.region,
            "AWS_DEFAULT_REGION": self._machine.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            **self._machine.credentials(function.role_arn, function.name),
            **resolved(dict(function.environment)),
        }
        port = free_port()
        command = [sys.executable, "-m", "toolkit.local.lambda_runtime", "--handler", function.handler]
        command += ["--port", str(port), "--timeout", str(function.timeout_seconds), "--name", function.name]
        log = self._machine.logs / f"{function.name}.log"
        child = ChildProcess(command, log=log, environment=environment, folder=ROOT)
        deadline = time.monotonic() + START_SECONDS
        while not answers(f"http://127.0.0.1:{port}/"):
            if child.exit_code is not None or time.monotonic() > deadline:
                child.stop()
                raise ProviderError(
                    f"{function.name} did not start:\n{child.last_lines(LINES_OF_A_FAILURE)}\nread {log}"
                )
            time.sleep(0.02)
        return child, port
