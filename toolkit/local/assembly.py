"""From the topology to processes of this machine: ports, commands, and the files that gateway and poller read."""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import ValidationError

from toolkit.errors import ToolkitError
from toolkit.local import processes
from toolkit.local.environment import injected, listening, resolved
from toolkit.local.gateway.routes import Authorizer, Cors, HeaderMapping, Route, RouteTable, Throttle
from toolkit.local.machine import Machine
from toolkit.local.poller import Mapping
from toolkit.local.processes import ProcessSpec
from toolkit.local.routing import Api, ApiRoute
from toolkit.local.topology import FunctionWorker, QueuePoller, ServiceProcess, Topology

GATEWAY = "gateway"


def process_specs(topology: Topology, machine: Machine, *, gateway_port: int) -> list[ProcessSpec]:
    """Every process in the order in which they start: workers, services, pollers, gateway."""
    specs = [_worker(function, machine) for function in topology.functions]
    specs += [_service(service, machine) for service in topology.services]
    specs += [_poller(poller, machine) for poller in topology.pollers]
    if topology.apis:
        specs.append(_gateway(topology.apis, machine, gateway_port))
    return specs


def _worker(function: FunctionWorker, machine: Machine) -> ProcessSpec:
    return processes.worker(
        name=function.name,
        function_name=function.function_name,
        handler=function.handler,
        port=machine.port(function.name),
        timeout_seconds=function.timeout_seconds,
        memory_megabytes=function.memory_mib,
        environment=resolved(function.environment),
        role_arn=function.role_arn,
        arn=function.arn,
    )


def _service(service: ServiceProcess, machine: Machine) -> ProcessSpec:
    port = machine.port(service.name)
    values = injected(service.secrets, lambda arn: _secret(machine, arn))
    python = [sys.executable if part == "python" else part for part in service.command]
    return ProcessSpec(
        name=service.name,
        command=python,
        environment=listening(resolved(service.environment) | values, port),
        role_arn=service.role_arn,
        ready_url=f"http://127.0.0.1:{port}/readyz",
        kind="service",
        port=port,
    )


def _secret(machine: Machine, arn: str) -> str:
    return str(machine.boto("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])


def _poller(poller: QueuePoller, machine: Machine) -> ProcessSpec:
    mapping = Mapping(
        queue_url=poller.queue_url,
        queue_arn=poller.queue_arn,
        function_name=poller.function_name,
        batch_size=poller.batch_size,
        batching_window_seconds=poller.window_seconds,
        report_batch_item_failures=poller.reports_failures,
    )
    file = machine.state / "mappings" / f"{poller.name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([mapping.model_dump()], indent=2))
    # One process per mapping: on AWS too it is the function's own role that reads the queue.
    return processes.poller(name=poller.name, mappings=file, functions=machine.functions, role_arn=poller.role_arn)


def _gateway(apis: tuple[Api, ...], machine: Machine, port: int) -> ProcessSpec:
    if len(apis) > 1:
        raise ToolkitError(
            f"the stack has {len(apis)} HTTP APIs, this machine's gateway serves one",
            next_step="deploy one of them per stack",
        )
    [api] = apis
    file = machine.state / "routes.json"
    file.write_text(route_table(api, machine).model_dump_json(indent=2))
    return processes.gateway(name=GATEWAY, routes=file, port=port)


def route_table(api: Api, machine: Machine) -> RouteTable:
    """The API's routes with the addresses of this machine."""
    authorizers = {route.authorizer.issuer: route.authorizer for route in api.routes if route.authorizer}
    cors: dict[str, Any] = api.cors or {}
    return RouteTable(
        routes=tuple(_route(route, machine) for route in api.routes),
        authorizers={
            issuer: Authorizer(
                issuer=issuer,
                audience=authorizer.audiences,
                jwks_url=f"{machine.aws_endpoint}/{authorizer.pool_id}/.well-known/jwks.json",
            )
            for issuer, authorizer in authorizers.items()
        },
        throttle=Throttle(rate=api.throttle.rate, burst=api.throttle.burst) if api.throttle else None,
        cors=Cors(
            allow_origins=tuple(cors.get("allowOrigins") or ()),
            allow_methods=tuple(cors.get("allowMethods") or ()),
            allow_headers=tuple(cors.get("allowHeaders") or ()),
            expose_headers=tuple(cors.get("exposeHeaders") or ()),
            allow_credentials=bool(cors.get("allowCredentials")),
            max_age_seconds=int(cors["maxAge"]) if cors.get("maxAge") else None,
        )
        if cors
        else None,
    )


def _route(route: ApiRoute, machine: Machine) -> Route:
    return Route(
        method=route.method,
        path=route.path,
        target=f"http://127.0.0.1:{machine.port(route.service)}",
        authorizer=route.authorizer.issuer if route.authorizer else None,
        headers=_headers(route),
        timeout_seconds=route.timeout_seconds,
    )


def _headers(route: ApiRoute) -> tuple[HeaderMapping, ...]:
    mapped = [(action, header, value) for action, header, value in map(_mapping, route.parameters.items()) if header]
    try:
        return tuple(
            HeaderMapping.model_validate({"action": action, "header": header, "value": value.strip("'")})
            for action, header, value in mapped
        )
    except ValidationError as refused:
        reasons = "; ".join(str(error["msg"]).removeprefix("Value error, ") for error in refused.errors())
        raise ToolkitError(
            f"the integration of {route.method} {route.path} cannot be mapped: {reasons}",
            next_step="correct the integration's request parameters; what is not mapped can be read from the token",
        ) from None


def _mapping(parameter: tuple[str, str]) -> tuple[str, str, str]:
    """`overwrite:header.x-user-id` as action and header; mappings of paths and queries have no header."""
    action, _, place = parameter[0].partition(":")
    kind, _, header = place.partition(".")
    return action, header if kind == "header" else "", parameter[1]
