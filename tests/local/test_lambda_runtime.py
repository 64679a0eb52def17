from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from toolkit.local.lambda_functions.runtime import TIMED_OUT_EXIT_CODE
from toolkit.local.lambda_functions.workers import Invocation, NoWorker, Workers
from toolkit.local.processes.child_process import ChildProcess
from toolkit.local.processes.ports import free_port, is_listening

RUNTIME = [sys.executable, "-m", "toolkit.local.lambda_functions.runtime"]
Invoke = Callable[..., Invocation]


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[ChildProcess]:
    port = free_port()
    command = [*RUNTIME, "--handler", "tests.local.handlers.steps.step", "--port", str(port), "--timeout", "1"]
    child = ChildProcess(
        [*command, "--name", "saga", "--memory", "256"], log=tmp_path / "saga.log", environment=os.environ
    )
    while not is_listening(port):
        assert child.exit_code is None, child.last_lines()
        time.sleep(0.02)
    (tmp_path / "workers.json").write_text(json.dumps({"saga": [port]}))
    yield child
    child.stop()


@pytest.fixture
def invoke(worker: ChildProcess, tmp_path: Path) -> Invoke:
    workers = Workers(tmp_path / "workers.json")
    return lambda **event: workers.invoke("saga", json.dumps(event).encode())


def test_the_context_knows_time_left_request_and_function(invoke: Invoke) -> None:
    done = invoke(order_id="o-1")
    seen = json.loads(done.payload)
    assert seen["order_id"] == "o-1"
    assert seen["request_id"] == done.request_id
    assert 800 < seen["remaining_milliseconds"] <= 1000
    assert seen["arn"].endswith(":function:saga")
    assert "Sampled=0" in seen["trace"]


def test_an_exception_is_answered_and_the_next_event_is_served_by_the_same_process(invoke: Invoke) -> None:
    failed = invoke(do="raise")
    error = json.loads(failed.payload)
    assert failed.function_error == "Unhandled"
    assert error["errorType"] == "SoldOut"
    assert error["errorMessage"] == "nothing left of o-1"
    assert error["requestId"] == failed.request_id
    assert error["stackTrace"][0].lstrip().startswith('File "')
    assert invoke().function_error is None


def test_a_result_that_is_no_json_is_a_marshal_error(invoke: Invoke) -> None:
    assert json.loads(invoke(do="unserializable").payload)["errorType"] == "Runtime.MarshalError"


def test_a_time_out_is_answered_and_ends_the_process(invoke: Invoke, worker: ChildProcess) -> None:
    started = time.monotonic()
    error = json.loads(invoke(do="sleep", seconds=30).payload)
    assert 0.9 < time.monotonic() - started < 2
    assert error["errorType"] == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in error["errorMessage"]
    assert worker.wait(2) == TIMED_OUT_EXIT_CODE


def test_a_process_that_dies_is_an_exit_error(invoke: Invoke) -> None:
    died = invoke(do="die")
    assert died.function_error == "Unhandled"
    assert json.loads(died.payload)["errorType"] == "Runtime.ExitError"


def test_only_one_event_is_handled_at_a_time(invoke: Invoke) -> None:
    spans: list[float] = []

    def call() -> None:
        invoke(do="sleep", seconds=0.3)
        spans.append(time.monotonic())

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spans[1] - spans[0] > 0.25
    assert spans[2] - spans[1] > 0.25


def test_sigterm_lets_the_current_event_finish(invoke: Invoke, worker: ChildProcess) -> None:
    answers: list[Invocation] = []
    thread = threading.Thread(target=lambda: answers.append(invoke(do="sleep", seconds=0.5, order_id="o-1")))
    thread.start()
    time.sleep(0.2)
    worker.stop()
    thread.join()
    assert json.loads(answers[0].payload)["order_id"] == "o-1"
    assert worker.exit_code == 0


def test_a_function_that_is_not_listed_has_no_worker(tmp_path: Path) -> None:
    (tmp_path / "workers.json").write_text("{}")
    with pytest.raises(NoWorker, match="unknown"):
        Workers(tmp_path / "workers.json").invoke("unknown", b"{}")


def test_two_workers_share_the_work(tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    children = [
        ChildProcess(
            [*RUNTIME, "--handler", "tests.local.handlers.steps.step", "--port", str(port)],
            log=tmp_path / "log",
            environment=os.environ,
        )
        for port in ports
    ]
    (tmp_path / "workers.json").write_text(json.dumps({"saga": ports}))
    workers = Workers(tmp_path / "workers.json")
    while not all(is_listening(port) for port in ports):
        time.sleep(0.02)
    seen: set[int] = set()

    def call() -> None:
        event = json.dumps({"do": "sleep", "seconds": 0.3}).encode()
        seen.add(json.loads(workers.invoke("saga", event).payload)["pid"])

    started = time.monotonic()
    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {child.pid for child in children}
    assert time.monotonic() - started < 0.6  # one after the other takes longer
    for child in children:
        child.stop()


def test_a_worker_is_small(worker: ChildProcess) -> None:
    assert psutil.Process(worker.pid).memory_info().rss < 40 * 1024 * 1024


def test_once_reads_an_event_and_writes_only_the_result() -> None:
    done = once("tests.local.handlers.steps.step", {"do": "print", "order_id": "o-9"})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["order_id"] == "o-9"
    assert "printed by the handler" in done.stderr


def test_once_ends_with_the_error_of_the_handler() -> None:
    done = once("tests.local.handlers.steps.step", {"do": "raise"})
    assert done.returncode == 1
    assert json.loads(done.stdout)["errorType"] == "SoldOut"


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        ("tests.local.handlers.missing.step", "Runtime.ImportModuleError: Unable to import module"),
        ("tests.local.handlers.steps.missing", "Runtime.HandlerNotFound: Handler 'missing' missing on module"),
    ],
)
def test_a_handler_that_cannot_be_loaded_is_named_as_lambda_names_it(handler: str, said: str) -> None:
    done = once(handler, {})
    assert done.returncode == 1
    assert said in done.stderr


def test_powertools_traces_and_logs_without_a_daemon() -> None:
    done = once("tests.local.handlers.traced.handler", {"order_id": "o-1"})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"traced": "o-1"}
    assert "cold_start" in done.stderr


def once(handler: str, event: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUNTIME, "--handler", handler, "--once"], input=json.dumps(event), capture_output=True, text=True, check=False
    )
