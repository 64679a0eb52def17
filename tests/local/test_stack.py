"""All kinds of processes together, on a real moto."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from toolkit.local.gateway.api import Api, GatewaySettings, Route
from toolkit.local.gateway.spec import gateway
from toolkit.local.lambda_functions.configuration import LambdaConfiguration
from toolkit.local.lambda_functions.poller import EventSourceMapping
from toolkit.local.lambda_functions.specs import poller, worker
from toolkit.local.processes.health import answers
from toolkit.local.processes.spec import ProcessSpec
from toolkit.local.processes.supervisor import Supervisor
from toolkit.local.stack.machine import Machine

CONNECTIONS = 16


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with Machine(tmp_path_factory.mktemp("state")) as running:
        running.start("moto")
        yield running


@pytest.fixture(scope="module")
def queue(machine: Machine) -> str:
    return str(machine.boto("sqs").create_queue(QueueName="fulfillment")["QueueUrl"])


@pytest.fixture(scope="module")
def supervisor(machine: Machine, queue: str) -> Iterator[Supervisor]:
    service, entrance, processor = machine.port("catalog"), machine.port("gateway"), machine.port("processor")
    settings = GatewaySettings(
        api=Api(routes=(Route(method="GET", path="/catalog/{proxy+}", service="catalog"),)),
        services={"catalog": f"http://127.0.0.1:{service}"},
    )
    (machine.state / "routes.json").write_text(settings.model_dump_json())
    mapping = EventSourceMapping(
        queue_url=queue, queue_arn="arn:aws:sqs:us-east-1:123456789012:fulfillment", function_name="fn"
    )
    (machine.state / "mappings.json").write_text(json.dumps([mapping.model_dump()]))
    command = [sys.executable, "-m", "uvicorn", "tests.local.handlers.service:app", "--port", str(service)]
    specs = [
        ProcessSpec(
            name="catalog",
            command=[*command, "--log-level", "warning", "--no-access-log"],
            ready_url=f"http://127.0.0.1:{service}/healthz",
            port=service,
        ),
        worker(
            name="processor",
            function=LambdaConfiguration(name="fn", arn="arn:fn", timeout_seconds=5, memory_mib=128),
            handler="tests.local.handlers.steps.step",
            port=processor,
            environment={},
            role_arn="arn:aws:iam::123456789012:role/processor",
        ),
        poller(
            name="poller",
            mappings=machine.state / "mappings.json",
            workers=machine.workers,
            role_arn="arn:aws:iam::123456789012:role/processor",
        ),
        gateway(name="gateway", settings=machine.state / "routes.json", port=entrance),
    ]
    running = Supervisor(specs, machine)
    running.start()
    yield running
    running.stop()


def test_a_message_reaches_the_functions_worker(supervisor: Supervisor, machine: Machine, queue: str) -> None:
    queues = machine.boto("sqs")
    queues.send_message(QueueUrl=queue, MessageBody="o-1")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    deadline = time.monotonic() + 10
    left = None
    while left != {"0"} and time.monotonic() < deadline:
        left = set(queues.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"].values())
        time.sleep(0.05)
    assert left == {"0"}, supervisor.log("poller").read_text()


def test_the_gateway_serves_the_api_in_its_settings(supervisor: Supervisor, machine: Machine) -> None:
    assert answers(f"http://127.0.0.1:{machine.port('gateway')}/catalog/products")
    assert not answers(f"http://127.0.0.1:{machine.port('gateway')}/elsewhere")


async def test_the_gateway_carries_many_connections_at_once(supervisor: Supervisor, machine: Machine) -> None:
    await asyncio.gather(*(requests(machine.port("gateway"), 20) for _ in range(CONNECTIONS)))


async def requests(port: int, count: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(count):
        writer.write(b"GET /catalog/products HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        await reader.readexactly(2)
    writer.close()


def test_the_processes_are_in_the_machines_book(supervisor: Supervisor, machine: Machine) -> None:
    recorded = machine.recorded()
    assert set(recorded) == {"moto", "catalog", "processor", "poller", "gateway"}
    assert all(identity.find() is not None for identity in recorded.values())


def test_the_processes_of_the_toolkit_are_small(supervisor: Supervisor, machine: Machine) -> None:
    pids = supervisor.pids()
    sizes = {name: psutil.Process(pids[name]).memory_info().rss >> 20 for name in ("processor", "poller", "gateway")}
    assert sizes["processor"] < 40
    assert sizes["poller"] < 80
    assert sizes["gateway"] < 80


def test_a_server_that_was_killed_is_back_with_its_state(supervisor: Supervisor, machine: Machine, queue: str) -> None:
    time.sleep(2.5)  # the snapshot
    killed = machine.moto.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while machine.recorded()["moto"].pid == killed and time.monotonic() < deadline:
        time.sleep(0.05)
    assert machine.boto("sqs").list_queues()["QueueUrls"] == [queue]


def test_every_process_has_a_log_of_its_own(supervisor: Supervisor, tmp_path: Path) -> None:
    logs = [supervisor.log(name) for name in supervisor.pids()]
    assert len(set(logs)) == 4
    assert all(log.exists() for log in logs)
