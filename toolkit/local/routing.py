"""The way of a request, derived from what was deployed: API route, authorizer, VPC link, listener rule, service."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from toolkit.engine.provider import Properties
from toolkit.engine.state import ResourceState

API = "aws:apigatewayv2/api:Api"
AUTHORIZER = "aws:apigatewayv2/authorizer:Authorizer"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
ROUTE = "aws:apigatewayv2/route:Route"
STAGE = "aws:apigatewayv2/stage:Stage"
LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"
ANY_SEGMENTS = "{proxy+}"
LONGEST_INTEGRATION_SECONDS = 30.0
"""What an integration of an HTTP API may take at most, and what it may where nothing is said."""


@dataclass(frozen=True, kw_only=True)
class JwtAuthorizer:
    """Whose tokens a route accepts."""

    issuer: str
    audiences: tuple[str, ...]

    @property
    def pool_id(self) -> str:
        """The user pool that an issuer of Cognito names."""
        return self.issuer.rstrip("/").rsplit("/", 1)[-1]


@dataclass(frozen=True, kw_only=True)
class ApiRoute:
    """One route of the API and the service that answers it."""

    method: str
    """`GET`, or `ANY`."""
    path: str
    """With `{name}` for a segment and `{proxy+}` for the rest."""
    service: str
    authorizer: JwtAuthorizer | None
    parameters: Mapping[str, str]
    """The integration's parameter mapping, such as `overwrite:header.x-user-id`."""
    timeout_seconds: float = LONGEST_INTEGRATION_SECONDS


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """A token bucket: requests per second, and how many at once."""

    rate: float
    burst: int


@dataclass(frozen=True, kw_only=True)
class Api:
    """An HTTP API: what the gateway serves."""

    name: str
    endpoint: str
    """The address it would have on AWS."""
    routes: tuple[ApiRoute, ...]
    throttle: Throttle | None
    cors: Properties | None = None
    unserved: tuple[str, ...] = field(default=())
    """Route keys that lead to no process of this machine."""


def apis(deployed: Sequence[ResourceState], services: Mapping[str, str]) -> tuple[Api, ...]:
    """Every HTTP API; `services` tells the service behind each target group's ARN."""
    return tuple(_api(api, deployed, services) for api in deployed if api.type == API)


def _api(api: ResourceState, deployed: Sequence[ResourceState], services: Mapping[str, str]) -> Api:
    parts = [resource for resource in deployed if resource.outputs.get("apiId") == api.id]
    routes: list[ApiRoute] = []
    unserved: list[str] = []
    for route in parts:
        if route.type != ROUTE:
            continue
        integration = _by_id(parts, INTEGRATION, str(route.outputs.get("target", "")).removeprefix("integrations/"))
        key = str(route.outputs["routeKey"])
        method, _, path = key.partition(" ")
        service = None if integration is None else _service(path, integration.outputs, deployed, services)
        if service is None or integration is None:
            unserved.append(key)
            continue
        authorizer = _by_id(parts, AUTHORIZER, str(route.outputs.get("authorizerId") or ""))
        routes.append(
            ApiRoute(
                method=method,
                path=path,
                service=service,
                authorizer=_jwt(authorizer) if route.outputs.get("authorizationType") == "JWT" else None,
                parameters=dict(integration.outputs.get("requestParameters") or {}),
                timeout_seconds=float(integration.outputs.get("timeoutMilliseconds") or 30_000) / 1_000,
            )
        )
    return Api(
        name=api.name,
        endpoint=api.outputs["apiEndpoint"],
        routes=tuple(routes),
        throttle=_throttle(parts),
        cors=api.outputs.get("corsConfiguration"),
        unserved=tuple(unserved),
    )


def _by_id(parts: Iterable[ResourceState], type: str, id: str) -> ResourceState | None:
    return next((part for part in parts if part.type == type and part.id == id), None)


def _jwt(authorizer: ResourceState | None) -> JwtAuthorizer | None:
    if authorizer is None:
        return None
    configuration = authorizer.outputs["jwtConfiguration"]
    return JwtAuthorizer(issuer=configuration["issuer"], audiences=tuple(configuration.get("audiences") or ()))


def _throttle(parts: Iterable[ResourceState]) -> Throttle | None:
    for stage in parts:
        settings = (stage.outputs.get("defaultRouteSettings") or {}) if stage.type == STAGE else {}
        if settings.get("throttlingRateLimit"):
            return Throttle(
                rate=float(settings["throttlingRateLimit"]), burst=int(settings.get("throttlingBurstLimit") or 1)
            )
    return None


def _service(
    path: str, integration: Properties, deployed: Sequence[ResourceState], services: Mapping[str, str]
) -> str | None:
    """The service behind the load balancer's listener, chosen by its rules as the load balancer would."""
    listener = integration.get("integrationUri")
    sample = path.replace(ANY_SEGMENTS, "any")
    rules = [r for r in deployed if r.type == LISTENER_RULE and r.outputs["listenerArn"] == listener]
    for rule in sorted(rules, key=lambda rule: int(rule.outputs.get("priority") or 0)):
        if _matches(rule.outputs.get("conditions") or (), sample):
            return _forwarded(rule.outputs.get("actions") or (), services)
    for found in deployed:
        if found.type == LISTENER and found.outputs["arn"] == listener:
            return _forwarded(found.outputs.get("defaultActions") or (), services)
    return None


def _matches(conditions: Iterable[Properties], path: str) -> bool:
    patterns = [(condition.get("pathPattern") or {}).get("values") or () for condition in conditions]
    return all(
        any(fnmatch.fnmatchcase(path, pattern) for pattern in alternatives) for alternatives in patterns if alternatives
    )


def _forwarded(actions: Iterable[Properties], services: Mapping[str, str]) -> str | None:
    for action in actions:
        if action.get("type") == "forward":
            groups = (action.get("forward") or {}).get("targetGroups") or [{"arn": action.get("targetGroupArn")}]
            return services.get(str(groups[0].get("arn")))
    return None
