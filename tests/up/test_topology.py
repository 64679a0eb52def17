"""What runs is a pure function of what was deployed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolkit.engine.state import ResourceState
from toolkit.errors import ToolkitError
from toolkit.local.gateway.api import Cors
from toolkit.local.stack.topology import topology

LISTENER = "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/internal/1/2"
CATALOG_GROUP, CHECKOUT_GROUP = (f"arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/{n}/1" for n in ("cat", "che"))
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"
QUEUE_ARN = "arn:aws:sqs:us-east-1:1:work"


def resource(type: str, logical: str, /, id: str = "", **outputs: Any) -> ResourceState:
    urn = f"urn:pulumi:dev::marketplace::{type}::{logical}"
    return ResourceState(urn=urn, type=type, name=logical, id=id or logical, inputs=outputs, outputs=outputs)


def service(name: str, group: str, priority: int, pattern: str) -> list[ResourceState]:
    container = {
        "name": "app",
        "essential": True,
        "command": ["python", "-m", f"services.{name}"],
        "environment": [{"name": "ORDERS_TLS", "value": "verify-full"}, {"name": "PORT", "value": "8080"}],
        "secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:secretsmanager:us-east-1:1:secret:s-1:token::"}],
    }
    side_car = {"name": "collector", "essential": True, "command": ["collect"]}
    return [
        resource(
            "aws:ecs/taskDefinition:TaskDefinition",
            name,
            arn=f"arn:task/{name}:3",
            containerDefinitions=json.dumps([side_car, container]),
            taskRoleArn=f"arn:aws:iam::1:role/{name}",
        ),
        resource(
            "aws:ecs/service:Service",
            name,
            taskDefinition=f"arn:task/{name}:3",
            loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}],
        ),
        resource("aws:lb/targetGroup:TargetGroup", name, arn=group, healthCheck={"path": "/healthz"}),
        resource(
            "aws:lb/listenerRule:ListenerRule",
            name,
            listenerArn=LISTENER,
            priority=priority,
            conditions=[{"pathPattern": {"values": [pattern]}}],
            actions=[{"type": "forward", "targetGroupArn": group}],
        ),
    ]


STACK = [
    *service("catalog", CATALOG_GROUP, 10, "/catalog/*"),
    *service("checkout", CHECKOUT_GROUP, 20, "/*"),
    resource(
        "aws:apigatewayv2/api:Api",
        "api",
        id="api1",
        apiEndpoint="https://api1.example",
        corsConfiguration={"allowOrigins": ["https://shop.example"], "allowMethods": ["GET"], "maxAge": 600},
    ),
    resource(
        "aws:apigatewayv2/authorizer:Authorizer",
        "jwt",
        id="auth1",
        apiId="api1",
        jwtConfiguration={"issuer": ISSUER, "audiences": ["web"]},
    ),
    resource(
        "aws:apigatewayv2/integration:Integration",
        "link",
        id="int1",
        apiId="api1",
        integrationUri=LISTENER,
        timeoutMilliseconds=10_000,
    ),
    resource(
        "aws:apigatewayv2/route:Route",
        "browse",
        apiId="api1",
        routeKey="GET /catalog/{proxy+}",
        target="integrations/int1",
        authorizationType="NONE",
    ),
    resource(
        "aws:apigatewayv2/route:Route",
        "orders",
        apiId="api1",
        routeKey="GET /orders/{proxy+}",
        target="integrations/int1",
        authorizationType="JWT",
        authorizerId="auth1",
        authorizationScopes=["orders/read"],
    ),
    resource(
        "aws:apigatewayv2/stage:Stage",
        "stage",
        apiId="api1",
        defaultRouteSettings={"throttlingRateLimit": 100, "throttlingBurstLimit": 50},
    ),
    resource(
        "aws:lambda/function:Function",
        "worker",
        name="worker-1",
        arn="arn:lambda:worker-1",
        role="arn:role/worker",
        imageConfig={"commands": ["functions.worker.handler"]},
        timeout=30,
        memorySize=512,
        environment={"variables": {"A": "b"}},
    ),
    resource(
        "aws:lambda/function:Function",
        "migrations",
        name="migrations-1",
        arn="arn:lambda:migrations-1",
        role="arn:role/migrations",
        imageConfig={"commands": ["functions.migrations.handler"]},
    ),
    resource("aws:lambda/invocation:Invocation", "migrate", functionName="migrations-1", input="{}"),
    resource("aws:sqs/queue:Queue", "work", arn=QUEUE_ARN, url="http://127.0.0.1/work"),
    resource(
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        "mapping",
        eventSourceArn=QUEUE_ARN,
        functionName="arn:lambda:worker-1",
        batchSize=5,
        functionResponseTypes=["ReportBatchItemFailures"],
    ),
]


MODEL = [
    resource(
        "aws:sagemaker/model:Model",
        "fraud",
        name="fraud-1",
        primaryContainer={"image": "x:1", "environment": {"A": "b"}},
        executionRoleArn="arn:aws:iam::1:role/fraud",
    ),
    resource(
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
        "fraud",
        name="configuration-1",
        productionVariants=[{"modelName": "fraud-1", "variantName": "scorer"}],
    ),
    resource("aws:sagemaker/endpoint:Endpoint", "fraud", name="shop-fraud", endpointConfigName="configuration-1"),
]


def test_an_endpoint_becomes_a_process_of_its_models_container() -> None:
    [model] = topology([*STACK, *MODEL]).models
    assert (model.name, model.endpoint, model.environment) == ("fraud", "shop-fraud", {"A": "b"})
    assert model.role_arn == "arn:aws:iam::1:role/fraud"


def schedule(expression: str, arn: str = "arn:lambda:worker-1", **more: Any) -> ResourceState:
    target = {"arn": arn, "input": '{"trigger": "schedule"}'}
    return resource("aws:scheduler/schedule:Schedule", "hourly", scheduleExpression=expression, target=target, **more)


def test_a_schedule_becomes_a_line_of_the_ticker() -> None:
    [planned] = topology([*STACK, schedule("rate(2 hours)")]).schedules
    assert (planned.function_name, planned.every_seconds, planned.payload) == (
        "worker-1",
        7200,
        '{"trigger": "schedule"}',
    )


def test_a_schedule_that_is_off_or_calls_no_function_is_left_out() -> None:
    off, other = schedule("rate(1 minute)", state="DISABLED"), schedule("rate(1 minute)", arn=QUEUE_ARN)
    assert topology([*STACK, off, other]).schedules == ()


def test_a_schedule_that_this_machine_cannot_run_is_refused() -> None:
    with pytest.raises(ToolkitError, match=r"hourly runs at cron\(0 \* \* \* \? \*\), and this machine knows rates"):
        topology([*STACK, schedule("cron(0 * * * ? *)")])


def test_a_service_runs_the_container_behind_the_load_balancer_as_its_task_role() -> None:
    catalog, checkout = topology(STACK).services
    assert (catalog.name, checkout.name) == ("catalog", "checkout")
    assert catalog.command == ("python", "-m", "services.catalog")
    assert catalog.role_arn == "arn:aws:iam::1:role/catalog"
    assert catalog.environment["ORDERS_TLS"] == "verify-full"
    assert catalog.secrets == {"TOKEN": "arn:aws:secretsmanager:us-east-1:1:secret:s-1:token::"}


def test_a_route_leads_where_the_first_matching_rule_of_the_listener_leads() -> None:
    [api] = topology(STACK).apis
    browse, orders = api.routes
    assert (browse.method, browse.path, browse.service, browse.authorizer) == (
        "GET",
        "/catalog/{proxy+}",
        "catalog",
        None,
    )
    assert orders.service == "checkout"
    assert orders.authorizer is not None
    assert (orders.authorizer.issuer, orders.authorizer.audiences) == (ISSUER, ("web",))
    assert orders.scopes == ("orders/read",)
    assert orders.timeout_seconds == 10
    assert api.throttle is not None
    assert (api.throttle.rate, api.throttle.burst) == (100, 50)
    assert api.cors == Cors(allow_origins=("https://shop.example",), allow_methods=("GET",), max_age_seconds=600)


def test_a_route_that_leads_to_no_process_is_named() -> None:
    without_services = [found for found in STACK if found.type != "aws:ecs/service:Service"]
    [api] = topology(without_services).apis
    assert api.routes == ()
    assert set(api.unserved) == {"GET /catalog/{proxy+}", "GET /orders/{proxy+}"}


def test_an_integration_that_maps_request_parameters_is_refused() -> None:
    integration = next(found for found in STACK if found.type == "aws:apigatewayv2/integration:Integration")
    mapping = {"overwrite:header.x-user-id": "$context.authorizer.claims.sub"}
    mapped = resource(integration.type, "link", **{**integration.outputs, "requestParameters": mapping}, id="int1")
    with pytest.raises(ToolkitError, match=r"GET /catalog/\{proxy\+\} maps .* overwrite:header.x-user-id"):
        topology([*(found for found in STACK if found is not integration), mapped])


def test_a_function_that_only_the_deployment_calls_needs_no_worker() -> None:
    [worker] = topology(STACK).workers
    assert (worker.function.name, worker.handler, worker.function.timeout_seconds) == (
        "worker-1",
        "functions.worker.handler",
        30,
    )


def test_a_mapping_becomes_a_poller_that_acts_as_the_function() -> None:
    [poller] = topology(STACK).pollers
    mapping = poller.mapping
    assert (mapping.queue_url, mapping.function_name, mapping.batch_size) == ("http://127.0.0.1/work", "worker-1", 5)
    assert mapping.report_batch_item_failures
    assert poller.role_arn == "arn:role/worker"
