"""From the topology to processes."""

from __future__ import annotations

import json
from pathlib import Path

from toolkit.local.lambda_functions.configuration import LambdaConfiguration
from toolkit.local.lambda_functions.poller import EventSourceMapping
from toolkit.local.lambda_functions.ticker import Schedule
from toolkit.local.stack.assembly import process_specs
from toolkit.local.stack.machine import Machine
from toolkit.local.stack.topology import LambdaWorker, ModelProcess, QueuePoller, Topology


def function(name: str) -> LambdaWorker:
    return LambdaWorker(
        name=name,
        function=LambdaConfiguration(
            name=f"{name}-1234567", arn=f"arn:aws:lambda:eu-west-1:1:function:{name}", timeout_seconds=3, memory_mib=128
        ),
        handler="functions.handler",
        environment={},
        role_arn="arn:aws:iam::1:role/saga",
    )


def test_several_processes_share_a_function_that_no_queue_feeds(tmp_path: Path) -> None:
    mapping = EventSourceMapping(queue_url="http://queue", queue_arn="arn:queue", function_name="processor-1234567")
    topology = Topology(
        services=(),
        workers=(function("saga"), function("processor")),
        pollers=(QueuePoller(name="fulfillment", mapping=mapping, role_arn="arn:aws:iam::1:role/processor"),),
        apis=(),
    )
    with Machine(tmp_path / "state") as machine:
        machine.lock()
        specs = process_specs(topology, machine, gateway_port=8080, workers=3)
    assert [spec.name for spec in specs] == ["saga", "saga-2", "saga-3", "processor", "fulfillment"]
    assert {spec.function_name for spec in specs[:3]} == {"saga-1234567"}
    assert len({spec.port for spec in specs[:4]}) == 4


def test_one_ticker_calls_the_functions_of_all_schedules(tmp_path: Path) -> None:
    rates = tuple(Schedule(name=name, function_name=f"{name}-1234567", every_seconds=60) for name in ("pay", "sync"))
    topology = Topology(services=(), workers=(function("pay"), function("sync")), pollers=(), apis=(), schedules=rates)
    with Machine(tmp_path / "state") as machine:
        machine.lock()
        specs = process_specs(topology, machine, gateway_port=8080, workers=3)
        file = specs[-1].command[specs[-1].command.index("--schedules") + 1]
        assert [one["name"] for one in json.loads(Path(file).read_text())] == ["pay", "sync"]
    assert [(spec.name, spec.kind) for spec in specs] == [("pay", "worker"), ("sync", "worker"), ("ticker", "poller")]


def test_a_model_is_listed_by_the_name_that_it_is_invoked_by(tmp_path: Path) -> None:
    model = ModelProcess(name="fraud", endpoint="shop-fraud", environment={}, role_arn="arn:aws:iam::1:role/fraud")
    topology = Topology(services=(), workers=(), pollers=(), apis=(), models=(model,))
    with Machine(tmp_path / "state") as machine:
        machine.lock()
        [spec] = process_specs(topology, machine, gateway_port=8080)
        assert json.loads(machine.endpoints.read_text()) == {"shop-fraud": spec.port}
    assert spec.command[1:] == ["-m", "services.scorer"]
    assert spec.ready_url == f"http://127.0.0.1:{spec.port}/ping"
