"""HTTP APIs as they were deployed: each route with its authorizer and, through VPC link and listener, its service."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence

from toolkit.engine.provider import Properties
from toolkit.engine.state import ResourceState
from toolkit.errors import ToolkitError
from toolkit.local.gateway.api import LONGEST_INTEGRATION_SECONDS, Api, Authorizer, Cors, Guard, Route, Throttle

API = "aws:apigatewayv2/api:Api"
AUTHORIZER = "aws:apigatewayv2/authorizer:Authorizer"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
ROUTE = "aws:apigatewayv2/route:Route"
LAMBDA_FUNCTION = "aws:lambda/function:Function"
LAMBDA_PERMISSION = "aws:lambda/permission:Permission"
STAGE = "aws:apigatewayv2/stage:Stage"
LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"
PARAMETER = re.compile(r"\{[^}]+\}")


def deployed_apis(deployed: Sequence[ResourceState], services: Mapping[str, str]) -> tuple[Api, ...]:
    """Every HTTP API; `services` names the service behind each target group's ARN.

    Raises:
        ToolkitError: an integration maps request parameters.
    """
    return tuple(_api(api, deployed, services) for api in deployed if api.type == API)


def _api(api: ResourceState, deployed: Sequence[ResourceState], services: Mapping[str, str]) -> Api:
    parts = [resource for resource in deployed if resource.outputs.get("apiId") == api.id]
    keys = [resource.outputs for resource in parts if resource.type == ROUTE]
    routes = {str(route["routeKey"]): _route(route, parts, deployed, services) for route in keys}
    return Api(
        routes=tuple(route for route in routes.values() if route is not None),
        throttle=_throttle(parts),
        cors=_cors(api.outputs.get("corsConfiguration") or {}),
        unserved=tuple(key for key, route in routes.items() if route is None),
    )


def _route(
    route: Properties, parts: Sequence[ResourceState], deployed: Sequence[ResourceState], services: Mapping[str, str]
) -> Route | None:
    """The route, `None` when no process of this machine answers it."""
    method, _, path = str(route["routeKey"]).rpartition(" ")  # `$default` has no method
    integration = _outputs(parts, INTEGRATION, str(route.get("target", "")).removeprefix("integrations/"))
    if integration is None:
        return None
    function = _function(integration, deployed) if integration.get("integrationType") == "AWS_PROXY" else ""
    service = None if function else _service(path, integration, deployed, services)
    if not function and service is None:
        return None
    _refuse_request_parameters(str(route["routeKey"]), integration)
    authorizer = _outputs(parts, AUTHORIZER, str(route.get("authorizerId") or ""))
    milliseconds = integration.get("timeoutMilliseconds")
    return Route(
        method=method or "ANY",
        path=path,
        service=service or "",
        function=function,
        throttle=_throttle(parts, str(route["routeKey"])),
        authorizer=_jwt(authorizer) if authorizer and route.get("authorizationType") == "JWT" else None,
        scopes=tuple(route.get("authorizationScopes") or ()),
        guard=_guard(path, integration, deployed),
        timeout_seconds=float(milliseconds) / 1_000 if milliseconds else LONGEST_INTEGRATION_SECONDS,
    )


def _refuse_request_parameters(route_key: str, integration: Properties) -> None:
    parameters = integration.get("requestParameters")
    if parameters:
        raise ToolkitError(
            f"the integration of {route_key} maps request parameters, which this machine's gateway does not: "
            f"{', '.join(sorted(parameters))}",
            next_step="take the mapping out of the program; a service reads the caller from the token",
        )


def _outputs(parts: Iterable[ResourceState], type: str, id: str) -> Properties | None:
    return next((part.outputs for part in parts if part.type == type and part.id == id), None)


def _jwt(authorizer: Properties) -> Authorizer:
    configuration = authorizer["jwtConfiguration"]
    return Authorizer(issuer=configuration["issuer"], audiences=tuple(configuration.get("audiences") or ()))


def _function(integration: Properties, deployed: Sequence[ResourceState]) -> str:
    """The name of the Lambda function behind an integration, empty when the API has no permission to call it."""
    for function in deployed:
        if function.type == LAMBDA_FUNCTION and function.outputs["invokeArn"] == integration.get("integrationUri"):
            name = str(function.outputs["name"])
            allowed = any(
                one.outputs.get("principal") == "apigateway.amazonaws.com"
                for one in deployed
                if one.type == LAMBDA_PERMISSION and one.outputs.get("function") in (name, function.outputs["arn"])
            )
            return name if allowed else ""
    return ""


def _throttle(parts: Iterable[ResourceState], route_key: str | None = None) -> Throttle | None:
    """The limit of a route, or without one the stage's for every route."""
    for stage in parts:
        if stage.type != STAGE:
            continue
        own = [one for one in stage.outputs.get("routeSettings") or () if one["routeKey"] == route_key]
        settings = (own[0] if own else {}) if route_key else stage.outputs.get("defaultRouteSettings") or {}
        if settings.get("throttlingRateLimit"):
            return Throttle(
                rate=float(settings["throttlingRateLimit"]), burst=int(settings.get("throttlingBurstLimit") or 1)
            )
    return None


def _cors(configuration: Properties) -> Cors | None:
    if not configuration:
        return None
    return Cors(
        allow_origins=tuple(configuration.get("allowOrigins") or ()),
        allow_methods=tuple(configuration.get("allowMethods") or ()),
        allow_headers=tuple(configuration.get("allowHeaders") or ()),
        expose_headers=tuple(configuration.get("exposeHeaders") or ()),
        allow_credentials=bool(configuration.get("allowCredentials")),
        max_age_seconds=int(configuration["maxAge"]) if configuration.get("maxAge") else None,
    )


def _service(
    path: str, integration: Properties, deployed: Sequence[ResourceState], services: Mapping[str, str]
) -> str | None:
    """The service behind the load balancer's listener, chosen by its rules as the load balancer would."""
    rule = _rule(path, integration, deployed)
    if rule is not None:
        return _forwarded(rule.get("actions") or (), services)
    return _forwarded(_default_actions(integration, deployed), services)


def _guard(path: str, integration: Properties, deployed: Sequence[ResourceState]) -> Guard | None:
    """The header that the rule of the path asks for; without it a request gets the listener's own answer."""
    conditions = (_rule(path, integration, deployed) or {}).get("conditions") or ()
    asked = next((one["httpHeader"] for one in conditions if one.get("httpHeader")), None)
    if asked is None:
        return None
    actions = _default_actions(integration, deployed)
    fixed: Properties = next((action["fixedResponse"] for action in actions if action.get("fixedResponse")), {})
    return Guard(
        header=str(asked["httpHeaderName"]).lower(),
        values=tuple(asked["values"]),
        status=int(fixed.get("statusCode") or 503),
        content_type=str(fixed.get("contentType") or "text/plain"),
        body=str(fixed.get("messageBody") or ""),
    )


def _rule(path: str, integration: Properties, deployed: Sequence[ResourceState]) -> Properties | None:
    """The listener's first rule for the path."""
    sample = PARAMETER.sub("any", path)
    rules = [
        resource.outputs
        for resource in deployed
        if resource.type == LISTENER_RULE and resource.outputs["listenerArn"] == integration.get("integrationUri")
    ]
    ordered = sorted(rules, key=lambda rule: int(rule.get("priority") or 0))
    return next((rule for rule in ordered if _matches(rule.get("conditions") or (), sample)), None)


def _default_actions(integration: Properties, deployed: Sequence[ResourceState]) -> Sequence[Properties]:
    listener = integration.get("integrationUri")
    found = (one.outputs for one in deployed if one.type == LISTENER and one.outputs["arn"] == listener)
    return next((outputs.get("defaultActions") or () for outputs in found), ())


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
