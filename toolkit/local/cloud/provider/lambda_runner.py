"""Calls Lambda functions during a deployment: each in a process of its own, under its own role."""

from __future__ import annotations

import threading
import time
import urllib.request
from dataclasses import replace

from toolkit.engine.provider import ProviderError
from toolkit.local.cloud.provider.emulator import Backends
from toolkit.local.cloud.provider.emulators.invocation import LambdaCall
from toolkit.local.lambda_functions.specs import runtime_command
from toolkit.local.lambda_functions.workers import FUNCTION_ERROR_HEADER, INVOCATION_PATH
from toolkit.local.processes.child_process import ChildProcess
from toolkit.local.processes.environment import ROOT, of_workload
from toolkit.local.processes.health import answers
from toolkit.local.processes.ports import free_port

START_SECONDS = 20
LINES_OF_A_FAILURE = 15


class LambdaRunner:
    """Runs one call after another: migrations of the same schema would only wait for each other's lock.

    A process stays for the next call of the same function with the same configuration.
    """

    def __init__(self, account: Backends) -> None:
        self._account = account
        self._turn = threading.Lock()
        self._warm: dict[LambdaCall, tuple[ChildProcess, int]] = {}

    def __call__(self, call: LambdaCall) -> str:
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
                with urllib.request.urlopen(request, timeout=call.function.timeout_seconds + START_SECONDS) as answer:  # noqa: S310
                    payload = str(answer.read().decode())
                    failed = answer.headers.get(FUNCTION_ERROR_HEADER)
            except OSError as lost:
                raise ProviderError(f"{call.function.name} ended before it answered; read {child.log}") from lost
        if failed:
            raise ProviderError(f"{call.function.name} failed: {payload}; read {child.log}")
        return payload

    def close(self) -> None:
        """Ends the processes that are still warm."""
        with self._turn:
            for child, _ in self._warm.values():
                child.stop()
            self._warm.clear()

    def _worker(self, call: LambdaCall) -> tuple[ChildProcess, int]:
        if call not in self._warm or self._warm[call][0].exit_code is not None:
            self._warm[call] = self._start(call)
        return self._warm[call]

    def _start(self, call: LambdaCall) -> tuple[ChildProcess, int]:
        name = call.function.name
        environment = of_workload(self._account, name, call.role_arn, dict(call.environment))
        port = free_port()
        command = runtime_command(call.function, handler=call.handler, port=port)
        log = self._account.logs / f"{name}.log"
        child = ChildProcess(command, log=log, environment=environment, folder=ROOT, forks=self._account.forks)
        deadline = time.monotonic() + START_SECONDS
        while not answers(f"http://127.0.0.1:{port}/"):
            if child.exit_code is not None or time.monotonic() > deadline:
                child.stop()
                raise ProviderError(f"{name} did not start:\n{child.last_lines(LINES_OF_A_FAILURE)}\nread {log}")
            time.sleep(0.02)
        return child, port
