"""Step Functions: moto's interpreter without its waits.

moto parses the definition anew for every execution and makes an AWS client for every task. Here both are kept, and a
Lambda task reaches its worker directly instead of through moto's own Lambda API.
"""

from __future__ import annotations

import functools
import io
import logging
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.local.lambda_functions.workers import NoWorker, Workers

KEPT_HISTORIES = 200
"""So many finished executions keep their event history; older ones keep status, input and output."""
OPEN_TASKS = 32
"""With so many Lambda tasks in progress, new executions wait to be started."""
HELD_BACK_SECONDS = 20.0
"""Less than the time after which an AWS client gives up."""

_finished = 0
_counting = threading.Lock()

log = logging.getLogger(__name__)


class WorkerClient:
    """The part of boto3's Lambda client that the interpreter uses, on top of the workers."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._open = 0
        self._changed = threading.Condition()

    def invoke(self, FunctionName: str, Payload: bytes = b"{}", **_: Any) -> dict[str, Any]:  # noqa: N803
        """`lambda:Invoke`, request and response; without a worker the error that state machines retry."""
        with self._changed:
            self._open += 1
        try:
            return self._invoke(FunctionName, Payload)
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify_all()

    def wait_for_room(self) -> None:
        """Returns when few enough tasks wait for their worker, at the latest after some seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._open < OPEN_TASKS, HELD_BACK_SECONDS)

    def _invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        from botocore.exceptions import ClientError

        name = FunctionName.split(":")[6] if FunctionName.startswith("arn:") else FunctionName.split(":", maxsplit=1)[0]
        try:
            done = self._workers.invoke(name, Payload)
        except NoWorker as missing:
            response: Any = {
                "Error": {"Code": "ServiceException", "Message": missing.message},
                "ResponseMetadata": {"HTTPStatusCode": 500, "RequestId": ""},
            }
            raise ClientError(response, "Invoke") from missing
        answer = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": io.BytesIO(done.payload)}
        return answer | ({"FunctionError": done.function_error} if done.function_error else {})


def make_fast(workers: Workers) -> None:
    """Gives moto's interpreter the workers, kept clients, kept programs and a bounded memory."""
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
        state_task_service_factory,
    )
    from moto.stepfunctions.parser.asl.utils import boto_client

    assert state_task_service_factory is not None  # noqa: S101 - its import loads every integration
    original = boto_client.boto_client_for
    worker_client = WorkerClient(workers)

    @functools.cache
    def kept_client(region: str, service: str) -> Any:
        return original(region=region, service=service)

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        return worker_client if service == "lambda" else kept_client(region, service)

    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.parser") and getattr(module, "boto_client_for", None) is original:
            module.__dict__["boto_client_for"] = client_for
    _keep_programs()
    _hold_back_starts(worker_client)
    _bound_memory()
    logging.getLogger("moto.stepfunctions.parser.asl.component.eval_component").setLevel(
        logging.CRITICAL
    )  # it logs every business error that the state machine catches


def finished_executions() -> int:
    """How many executions have ended: they change state without a request."""
    return _finished


def _keep_programs() -> None:
    """Parses a definition and its paths once: that takes longer than running it. What changes in a run lies in its
    environment."""
    from moto.stepfunctions.parser.asl.component.common.path import result_path
    from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
    from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
    from moto.stepfunctions.parser.asl.utils import json_path

    for module in (json_path, result_path):
        module.parse = functools.lru_cache(maxsize=1024)(module.parse)
    AmazonStateLanguageParser.parse = staticmethod(functools.lru_cache(maxsize=64)(AmazonStateLanguageParser.parse))
    # Made up at first use, which two executions may reach at once; the address is as unique and always the same.
    EvalComponent.heap_key = property(lambda self: str(id(self)))


def _hold_back_starts(client: WorkerClient) -> None:
    """Delays StartExecution until there is room: of thousands at once some wait, none is refused."""
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    start = StepFunctionsParserBackend.start_execution

    def start_when_there_is_room(self: Any, *positional: Any, **named: Any) -> Any:
        client.wait_for_room()
        return start(self, *positional, **named)

    StepFunctionsParserBackend.start_execution = start_when_there_is_room


def _bound_memory() -> None:
    """Lets go of the interpreter's working memory of executions that ended long ago, and of ended threads."""
    from moto.stepfunctions.parser import utils
    from moto.stepfunctions.parser.backend import execution

    terminated = execution.BaseExecutionWorkerCommunication.terminated
    recent: list[Any] = []

    def terminated_and_counted(self: Any) -> None:
        global _finished  # noqa: PLW0603 - moto's hooks are classes, there is no object of ours to hold it
        terminated(self)
        with _counting:
            _finished += 1
            recent.append(self.execution)
            if len(recent) > KEPT_HISTORIES:
                recent.pop(0).exec_worker = NoHistory()
            utils.TMP_THREADS[:] = [thread for thread in utils.TMP_THREADS if thread.is_alive()]

    execution.BaseExecutionWorkerCommunication.terminated = terminated_and_counted


class NoHistory:
    """Stands for the interpreter of an execution whose event history is gone."""

    env = None

    def stop(self, **_: Any) -> None:
        """An execution that ended has nothing to stop."""


@dataclass(frozen=True, kw_only=True)
class Interrupted:
    """An execution that was running when its moto ended."""

    backend: Any
    machine_arn: str
    name: str
    execution_input: str


def take_interrupted(backend: Any) -> list[Interrupted]:
    """Removes the running executions of a restored backend, so that their names are free, and returns them."""
    interrupted = []
    for machine in getattr(backend, "state_machines", ()):
        for execution in [execution for execution in machine.executions if execution.status == "RUNNING"]:
            machine.executions.remove(execution)
            interrupted.append(
                Interrupted(
                    backend=backend,
                    machine_arn=machine.arn,
                    name=execution.name,
                    execution_input=execution.execution_input,
                )
            )
    return interrupted


def start_again(interrupted: Sequence[Interrupted], workers: Workers) -> None:
    """Starts them from their first state once there are workers: Step Functions never forgets an execution.

    AWS would go on where it stopped. Here finished steps run again, which at-least-once delivery asks of them anyway.
    """
    workers.wait_until_listed()
    for execution in interrupted:
        try:
            execution.backend.start_execution(
                execution.machine_arn, name=execution.name, execution_input=execution.execution_input
            )
        except Exception as refused:
            log.warning("the execution %s was not started again: %s", execution.name, refused)
