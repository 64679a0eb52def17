"""From the topology to processes of this machine: ports, commands, and the files that gateway and pollers read."""

from __future__ import annotations

import json
import sys

from toolkit.errors import ToolkitError
from toolkit.local.gateway.api import GatewaySettings
from toolkit.local.gateway.spec import gateway
from toolkit.local.lambda_functions.specs import poller, stream_poller, ticker, worker
from toolkit.local.lambda_functions.ticker import Schedule
from toolkit.local.processes.environment import emulated_keys_url, listening, secret_values
from toolkit.local.processes.spec import ProcessSpec
from toolkit.local.stack.machine import Machine
from toolkit.local.stack.topology import (
    FollowedTable,
    LambdaWorker,
    ModelProcess,
    QueuePoller,
    ServiceProcess,
    Topology,
)

GATEWAY = "gateway"
TICKER = "ticker"
ROUTES_FILE = "routes.json"
SCHEDULES_FILE = "schedules.json"
SERVE = ("-m", "services.scorer")
"""What the image's program `serve` runs, which SageMaker calls: a model has no command of its own."""


def process_specs(topology: Topology, machine: Machine, *, gateway_port: int, workers: int = 1) -> list[ProcessSpec]:
    """Every process in the order in which they start: workers, services, models, pollers, ticker, gateway.

    `workers` is how many processes take the invocations of a Lambda function. One that a queue or a schedule feeds has
    one: its poller waits for each batch, and the ticker for each call.
    """
    fed = {planned.mapping.function_name for planned in topology.pollers}
    fed |= {planned.function_name for planned in topology.schedules}
    fed |= {planned.mapping.function_name for planned in topology.streams}
    specs = [
        _worker(planned, machine, number)
        for planned in topology.workers
        for number in range(1, 1 + (1 if planned.function.name in fed else workers))
    ]
    specs += [_service(planned, machine) for planned in topology.services]
    specs += [_model(planned, machine) for planned in topology.models]
    ports = {planned.endpoint: machine.port(planned.name) for planned in topology.models}
    machine.endpoints.write_text(json.dumps(ports, indent=2))
    specs += [_poller(planned, machine) for planned in topology.pollers]
    specs += [_stream_poller(planned, machine) for planned in topology.streams]
    if topology.schedules:
        specs.append(_ticker(topology.schedules, machine))
    if topology.apis:
        specs.append(_gateway(topology, machine, gateway_port))
    return specs


def _worker(planned: LambdaWorker, machine: Machine, number: int) -> ProcessSpec:
    name = planned.name if number == 1 else f"{planned.name}-{number}"
    return worker(
        name=name,
        function=planned.function,
        handler=planned.handler,
        port=machine.port(name),
        environment=planned.environment,
        role_arn=planned.role_arn,
    )


def _service(planned: ServiceProcess, machine: Machine) -> ProcessSpec:
    port = machine.port(planned.name)
    secrets = secret_values(planned.secrets, lambda arn: _secret(machine, arn))
    return ProcessSpec(
        name=planned.name,
        command=[sys.executable if part == "python" else part for part in planned.command],
        environment=listening({**planned.environment, **secrets}, port),
        role_arn=planned.role_arn,
        ready_url=f"http://127.0.0.1:{port}/readyz",
        kind="service",
        port=port,
    )


def _model(planned: ModelProcess, machine: Machine) -> ProcessSpec:
    port = machine.port(planned.name)
    return ProcessSpec(
        name=planned.name,
        command=[sys.executable, *SERVE],
        environment=listening(planned.environment, port),
        role_arn=planned.role_arn,
        ready_url=f"http://127.0.0.1:{port}/ping",
        kind="service",
        port=port,
    )


def _secret(machine: Machine, arn: str) -> str:
    return str(machine.boto("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])


def _poller(planned: QueuePoller, machine: Machine) -> ProcessSpec:
    file = machine.state / "mappings" / f"{planned.name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([planned.mapping.model_dump()], indent=2))
    # One process per mapping: on AWS too, the Lambda function's own role reads the queue.
    return poller(name=planned.name, mappings=file, workers=machine.workers, role_arn=planned.role_arn)


def _stream_poller(planned: FollowedTable, machine: Machine) -> ProcessSpec:
    folder = machine.state / "mappings"
    folder.mkdir(parents=True, exist_ok=True)
    position = folder / f"{planned.name}.position"
    mapping = planned.mapping.model_copy(update={"position": position})
    file = folder / f"{planned.name}.json"
    file.write_text(f"[{mapping.model_dump_json(indent=2)}]")
    return stream_poller(name=planned.name, mappings=file, workers=machine.workers, role_arn=planned.role_arn)


def _ticker(schedules: tuple[Schedule, ...], machine: Machine) -> ProcessSpec:
    file = machine.state / SCHEDULES_FILE
    file.write_text(json.dumps([schedule.model_dump() for schedule in schedules], indent=2))
    return ticker(name=TICKER, schedules=file, workers=machine.workers)


def _gateway(topology: Topology, machine: Machine, port: int) -> ProcessSpec:
    apis = topology.apis
    if len(apis) > 1:
        raise ToolkitError(
            f"the stack has {len(apis)} HTTP APIs, this machine's gateway serves one",
            next_step="deploy one of them per stack",
        )
    [api] = apis
    authorizers = [route.authorizer for route in api.routes if route.authorizer]
    settings = GatewaySettings(
        api=api,
        services={
            route.service: f"http://127.0.0.1:{machine.port(route.service)}" for route in api.routes if route.service
        },
        workers=machine.workers,
        keys_urls={
            authorizer.issuer: emulated_keys_url(authorizer.keys_url, machine.aws_endpoint)
            for authorizer in authorizers
        },
        distribution=topology.distribution,
        buckets_url=machine.aws_endpoint,
    )
    file = machine.state / ROUTES_FILE
    file.touch(mode=0o600)  # it holds the edge's key
    file.write_text(settings.model_dump_json(indent=2))
    return gateway(name=GATEWAY, settings=file, port=port)
