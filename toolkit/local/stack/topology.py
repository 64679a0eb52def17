"""What runs, derived from what was deployed: a pure function of the stack's resources.

An ECS service becomes a process with its task definition's command, environment and role, a SageMaker endpoint one
with its container's; a Lambda function a worker; an event source mapping a poller; a schedule a line of the ticker's
file; an HTTP API, with its authorizer, VPC link and listener rules, the gateway's routes; a distribution what stands
before them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolkit.engine.provider import Properties
from toolkit.engine.state import ResourceState
from toolkit.errors import ToolkitError
from toolkit.local.gateway.api import Api
from toolkit.local.gateway.deployed_apis import deployed_apis
from toolkit.local.gateway.deployed_distributions import deployed_distribution
from toolkit.local.gateway.distribution import Distribution
from toolkit.local.lambda_functions.configuration import LambdaConfiguration
from toolkit.local.lambda_functions.poller import EventSourceMapping
from toolkit.local.lambda_functions.stream_poller import StreamMapping
from toolkit.local.lambda_functions.ticker import Schedule

SERVICE = "aws:ecs/service:Service"
TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
LAMBDA_FUNCTION = "aws:lambda/function:Function"
EVENT_SOURCE_MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
QUEUE = "aws:sqs/queue:Queue"
SCHEDULE = "aws:scheduler/schedule:Schedule"
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
ENDPOINT_CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
MODEL = "aws:sagemaker/model:Model"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
INVOCATION = "aws:lambda/invocation:Invocation"


@dataclass(frozen=True, kw_only=True)
class ServiceProcess:
    """A container service: one process of this machine."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    role_arn: str | None
    target_groups: frozenset[str]
    """ARNs of the target groups it stands behind."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Variables whose value comes from a secret: name to the secret's ARN."""


@dataclass(frozen=True, kw_only=True)
class ModelProcess:
    """A model's container behind a SageMaker endpoint: one process of this machine."""

    name: str
    endpoint: str
    """The endpoint's own name, by which it is invoked."""
    environment: Mapping[str, str]
    role_arn: str


@dataclass(frozen=True, kw_only=True)
class LambdaWorker:
    """A Lambda function: a worker process that runs its handler."""

    name: str
    function: LambdaConfiguration
    handler: str
    environment: Mapping[str, str]
    role_arn: str


@dataclass(frozen=True, kw_only=True)
class QueuePoller:
    """Takes batches from a queue to a Lambda function."""

    name: str
    mapping: EventSourceMapping
    role_arn: str
    """The Lambda function's role, which also reads the queue on AWS."""


@dataclass(frozen=True, kw_only=True)
class FollowedTable:
    """Takes the changes of a table to a Lambda function."""

    name: str
    mapping: StreamMapping
    role_arn: str


@dataclass(frozen=True, kw_only=True)
class Topology:
    """Everything that must run for the stack to work on this machine."""

    services: tuple[ServiceProcess, ...]
    workers: tuple[LambdaWorker, ...]
    pollers: tuple[QueuePoller, ...]
    apis: tuple[Api, ...]
    schedules: tuple[Schedule, ...] = ()
    streams: tuple[FollowedTable, ...] = ()
    models: tuple[ModelProcess, ...] = ()
    distribution: Distribution | None = None


def topology(resources: Iterable[ResourceState]) -> Topology:
    """Derives the processes from deployed resources, their secrets in clear."""
    deployed = [resource for resource in resources if resource.custom and not resource.delete]
    services = tuple(_service(resource, deployed) for resource in _of(deployed, SERVICE))
    models = tuple(_model(resource, deployed) for resource in _of(deployed, ENDPOINT))
    workers = tuple(
        _worker(resource) for resource in _of(deployed, LAMBDA_FUNCTION) if not _only_invoked(resource, deployed)
    )
    mappings = [resource for resource in _of(deployed, EVENT_SOURCE_MAPPING) if resource.outputs.get("enabled", True)]
    pollers = tuple(_poller(resource, deployed, workers) for resource in mappings if not _is_stream(resource))
    streams = tuple(_followed(resource, deployed, workers) for resource in mappings if _is_stream(resource))
    behind = {arn: service.name for service in services for arn in service.target_groups}
    return Topology(
        services=services,
        workers=workers,
        pollers=pollers,
        apis=deployed_apis(deployed, behind),
        schedules=_schedules(deployed, workers),
        streams=streams,
        models=models,
        distribution=deployed_distribution(deployed),
    )


def _service(service: ResourceState, deployed: Sequence[ResourceState]) -> ServiceProcess:
    definition = _find(deployed, TASK_DEFINITION, "arn", service.outputs["taskDefinition"])
    containers = json.loads(definition.outputs["containerDefinitions"])
    attached = service.outputs.get("loadBalancers") or []
    container = _container(containers, attached)
    groups = frozenset(str(entry["targetGroupArn"]) for entry in attached)
    return ServiceProcess(
        name=service.name,
        command=(*container.get("entryPoint", ()), *container.get("command", ())),
        environment={entry["name"]: str(entry["value"]) for entry in container.get("environment", ())},
        secrets={entry["name"]: str(entry["valueFrom"]) for entry in container.get("secrets", ())},
        role_arn=definition.outputs.get("taskRoleArn"),
        target_groups=groups,
    )


def _container(containers: Sequence[Properties], attached: Sequence[Properties]) -> Properties:
    """The container that the load balancer talks to, else the essential one: side-cars do not run here."""
    named = {entry["containerName"] for entry in attached}
    chosen = [container for container in containers if container["name"] in named]
    return (chosen or [container for container in containers if container.get("essential", True)])[0]


def _model(endpoint: ResourceState, deployed: Sequence[ResourceState]) -> ModelProcess:
    configuration = _find(deployed, ENDPOINT_CONFIGURATION, "name", endpoint.outputs["endpointConfigName"])
    [variant] = configuration.outputs["productionVariants"]
    model = _find(deployed, MODEL, "name", variant["modelName"])
    container = model.outputs["primaryContainer"]
    return ModelProcess(
        name=endpoint.name,
        endpoint=endpoint.outputs["name"],
        environment=dict(container.get("environment") or {}),
        role_arn=model.outputs["executionRoleArn"],
    )


def _worker(function: ResourceState) -> LambdaWorker:
    outputs = function.outputs
    commands = (outputs.get("imageConfig") or {}).get("commands") or [outputs.get("handler")]
    return LambdaWorker(
        name=function.name,
        function=LambdaConfiguration(
            name=outputs["name"],
            arn=outputs["arn"],
            timeout_seconds=int(outputs.get("timeout") or 3),
            memory_mib=int(outputs.get("memorySize") or 128),
        ),
        handler=str(commands[0]),
        environment=dict((outputs.get("environment") or {}).get("variables") or {}),
        role_arn=outputs["role"],
    )


def _only_invoked(function: ResourceState, deployed: Sequence[ResourceState]) -> bool:
    """Whether only the deployment (migrations) or a rotation calls the Lambda function: it needs no worker."""
    names = {function.outputs["name"], function.outputs["arn"]}
    if any(rotation.outputs["rotationLambdaArn"] in names for rotation in _of(deployed, ROTATION)):
        return True  # what it changes is recorded only
    invoked = any(invocation.outputs["functionName"] in names for invocation in _of(deployed, INVOCATION))
    mentioned = any(
        function.outputs["arn"] in json.dumps(resource.inputs, default=str)
        for resource in deployed
        if resource.type not in {INVOCATION, LAMBDA_FUNCTION}
    )
    return invoked and not mentioned


def _poller(mapping: ResourceState, deployed: Sequence[ResourceState], workers: Sequence[LambdaWorker]) -> QueuePoller:
    outputs = mapping.outputs
    queue = _find(deployed, QUEUE, "arn", outputs["eventSourceArn"])
    worker = _worker_of(outputs["functionName"], workers)
    return QueuePoller(
        name=mapping.name,
        role_arn=worker.role_arn,
        mapping=EventSourceMapping(
            queue_url=queue.outputs["url"],
            queue_arn=queue.outputs["arn"],
            function_name=worker.function.name,
            batch_size=int(outputs.get("batchSize") or 10),
            batching_window_seconds=int(outputs.get("maximumBatchingWindowInSeconds") or 0),
            report_batch_item_failures="ReportBatchItemFailures" in (outputs.get("functionResponseTypes") or ()),
        ),
    )


def _is_stream(mapping: ResourceState) -> bool:
    return str(mapping.outputs["eventSourceArn"]).split(":")[2] == "dynamodb"


def _followed(
    mapping: ResourceState, deployed: Sequence[ResourceState], workers: Sequence[LambdaWorker]
) -> FollowedTable:
    outputs = mapping.outputs
    worker = _worker_of(outputs["functionName"], workers)
    destination = ((outputs.get("destinationConfig") or {}).get("onFailure") or {}).get("destinationArn")
    given_up = _find(deployed, QUEUE, "arn", destination) if destination else None
    retries = outputs.get("maximumRetryAttempts")
    return FollowedTable(
        name=mapping.name,
        role_arn=worker.role_arn,
        mapping=StreamMapping(
            stream_arn=outputs["eventSourceArn"],
            function_name=worker.function.name,
            batch_size=int(outputs.get("batchSize") or 100),
            batching_window_seconds=int(outputs.get("maximumBatchingWindowInSeconds") or 0),
            halve_failed=bool(outputs.get("bisectBatchOnFunctionError")),
            attempts=1 + int(50 if retries is None or retries < 0 else retries),
            destination_url=given_up.outputs["url"] if given_up else None,
        ),
    )


def _worker_of(target: str, workers: Sequence[LambdaWorker]) -> LambdaWorker:
    return next(worker for worker in workers if target in {worker.function.arn, worker.function.name})


def _schedules(deployed: Sequence[ResourceState], workers: Sequence[LambdaWorker]) -> tuple[Schedule, ...]:
    """The schedules that call a Lambda function and are not switched off."""
    functions = {worker.function.arn: worker.function.name for worker in workers}
    return tuple(
        Schedule(
            name=schedule.name,
            function_name=functions[schedule.outputs["target"]["arn"]],
            every_seconds=_period_seconds(schedule.name, schedule.outputs["scheduleExpression"]),
            payload=schedule.outputs["target"].get("input") or "{}",
        )
        for schedule in _of(deployed, SCHEDULE)
        if schedule.outputs["target"]["arn"] in functions and schedule.outputs.get("state") != "DISABLED"
    )


def _period_seconds(name: str, expression: str) -> int:
    """`rate(5 minutes)` as 300, `cron(0 0/6 * * ? *)` as 21600. Raises `ToolkitError` for one of another kind."""
    if hours := re.fullmatch(r"cron\(0 0/(\d+) \* \* \? \*\)", expression):
        return int(hours[1]) * 3600
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if rate is None:
        raise ToolkitError(
            f"the schedule {name} runs at {expression}, and this machine knows rates and whole hours only",
            next_step="write it as rate(N minutes), rate(N hours), rate(N days) or cron(0 0/N * * ? *)",
        )
    return int(rate[1]) * {"minute": 60, "hour": 3600, "day": 86_400}[rate[2]]


def _of(deployed: Iterable[ResourceState], type: str) -> list[ResourceState]:
    return [resource for resource in deployed if resource.type == type]


def _find(deployed: Iterable[ResourceState], type: str, output: str, value: Any) -> ResourceState:
    return next(resource for resource in _of(deployed, type) if resource.outputs[output] == value)
