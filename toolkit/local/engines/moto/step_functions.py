"""Step Functions: moto's interpreter without its waits.

moto parses a definition and makes an AWS client anew for every task. Here both are kept, and a Lambda task reaches
its worker directly instead of through moto's own Lambda API.
"""

from __future__ import annotations

import functools
import importlib
import io
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import moto

from toolkit.local.invocation import NoWorker, Workers

KEPT_HISTORIES = 200
"""So many finished executions keep their event history; older ones keep status, input and output."""

_finished = 0
_counting = threading.Lock()


class WorkerClient:
    """The part of boto3's Lambda client that the interpreter uses, on top of the workers."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def invoke(self, FunctionName: str, Payload: bytes = b"{}", **_: Any) -> dict[str, Any]:  # noqa: N803
        """`lambda:Invoke`, request and response; without a worker the error that state machines retry."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded by moto long before

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
    """Gives moto's interpreter the workers, kept clients, kept parse trees and a bounded memory."""
    _load_batch_states_alone()
    from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (  # noqa: PLC0415 - half a second
        state_task_service_factory,
    )
    from moto.stepfunctions.parser.asl.utils import boto_client  # noqa: PLC0415

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
    _keep_parse_trees()
    _bound_memory()


def _load_batch_states_alone() -> None:
    """Spares 130 MB and a second: for one enum, the interpreter would load all of AWS Batch, and with it all of EC2.

    A request to Batch or EC2 itself still loads them.
    """
    package = ModuleType("moto.batch")
    package.__path__ = [str(Path(moto.__file__).parent / "batch")]
    sys.modules["moto.batch"] = package
    importlib.import_module("moto.batch.utils")
    del sys.modules["moto.batch"]
    vars(moto).pop("batch", None)


def finished_executions() -> int:
    """How many executions have ended: they change state without a request."""
    return _finished


def _keep_parse_trees() -> None:
    """Parsing takes longer than running. The tree is kept; the program made from it is new for each execution."""
    from moto.stepfunctions.parser.asl.parse import asl_parser  # noqa: PLC0415

    parse = asl_parser.AmazonStateLanguageParser.parse

    @functools.lru_cache(maxsize=64)
    def tree_of(definition: str) -> Any:
        return parse(definition)[1]

    def parse_again(definition: str) -> tuple[Any, Any]:
        tree = tree_of(definition)
        return asl_parser.Preprocessor().visit(tree), tree

    asl_parser.AmazonStateLanguageParser.parse = staticmethod(parse_again)


def _bound_memory() -> None:
    """Lets go of the interpreter's working memory of executions that ended long ago, and of ended threads."""
    from moto.stepfunctions.parser import utils  # noqa: PLC0415
    from moto.stepfunctions.parser.backend import execution  # noqa: PLC0415

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
