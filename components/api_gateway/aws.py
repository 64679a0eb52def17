"""API Gateway on AWS: an HTTP API with a JWT authorizer and a VPC link to the internal load balancer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pulumi
import pulumi_aws as aws

from components.api_gateway import ApiGateway as ApiGatewayContract
from components.api_gateway import ApiGatewayArgs
from components.aws.foundation import AwsFoundation
from components.aws.identity import Identity
from components.aws.logs import log_group
from components.aws.names import API, fitted
from components.aws.narrow import on_aws
from components.aws.signal import Signal, Watched
from components.container_cluster.aws import ContainerCluster
from components.container_service.aws import ContainerService
from components.event_function.aws import EventFunction
from components.event_function.aws.http import answer_requests
from components.link import routes
from components.secrets_management.aws import Secrets
from components.workload import Route

ACCESS_LOG: Final = {
    "requestId": "$context.requestId",
    "ip": "$context.identity.sourceIp",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "route": "$context.routeKey",
    "path": "$context.path",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "latencyMs": "$context.responseLatency",
    "integrationMs": "$context.integrationLatency",
    "error": "$context.error.message",
    "authorizerError": "$context.authorizer.error",
    "user": "$context.authorizer.claims.sub",
}
PREFLIGHT_SECONDS: Final = 600
TIMEOUT_MILLISECONDS: Final = 29_000


class ApiGateway(ApiGatewayContract, Watched):
    """Creates the API, its stage with throttling and an access log, the authorizer, the VPC link, and the routes."""

    ENGINE = "api-gateway"

    def __init__(
        self, name: str, foundation: AwsFoundation, args: ApiGatewayArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        links = [routes(target) for target in (*args.services, *args.functions)]
        super().__init__(name, foundation, links=links, opts=opts)
        cluster = on_aws(args.cluster, ContainerCluster)
        self.api = aws.apigatewayv2.Api(
            name,
            name=fitted(API, foundation.prefix),
            protocol_type="HTTP",
            cors_configuration={
                "allow_origins": list(args.allowed_origins),
                "allow_methods": ["GET", "PUT", "POST", "DELETE"],
                "allow_headers": ["authorization", "content-type", "idempotency-key", "if-match", "traceparent"],
                "expose_headers": ["etag", "location"],
                "max_age": PREFLIGHT_SECONDS,
            }
            if args.allowed_origins
            else None,
            opts=self.child(),
        )
        authorizer = aws.apigatewayv2.Authorizer(
            name,
            api_id=self.api.id,
            name="signed-in",
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"issuer": args.auth.issuer, "audiences": [args.auth.client_id]},
            opts=self.child(),
        )
        identity = Identity(self, foundation, network=cluster.network)
        identity.grant(links)
        vpc_link = aws.apigatewayv2.VpcLink(
            name,
            name=fitted(API, foundation.prefix),
            subnet_ids=cluster.network.private_subnet_ids,
            security_group_ids=[identity.security_group_id],
            opts=self.child(depends_on=[*identity.after, *cluster.network.ready]),
        )
        # A route leads to services that run already: after a change, to their new code.
        services = [on_aws(service, ContainerService).service for service in args.services]
        integration = self._integration(cluster, vpc_link, after=services)
        routed = [(route, integration.id) for service in args.services for route in service.workload.routes]
        for function in args.functions:
            answered = answer_requests(self, self.api, on_aws(function, EventFunction))
            routed += [(route, answered) for route in function.workload.routes]
        self.routes = tuple(route for route, _ in routed)
        self._stage(args, foundation, after=[self._route(route, behind, authorizer) for route, behind in routed])
        self.endpoint = self.api.api_endpoint
        self.domain_name = pulumi.Output.concat(self.api.id, f".execute-api.{foundation.region}.amazonaws.com")
        self.signals = _signals(self.api)
        self.register_outputs({"endpoint": self.endpoint})

    def _integration(
        self, cluster: ContainerCluster, vpc_link: aws.apigatewayv2.VpcLink, after: Sequence[pulumi.Resource]
    ) -> aws.apigatewayv2.Integration:
        """The way to the load balancer, which knows each service's paths."""
        return aws.apigatewayv2.Integration(
            f"{self.name}-services",
            api_id=self.api.id,
            integration_type="HTTP_PROXY",
            integration_method="ANY",
            integration_uri=cluster.listener.arn,
            connection_type="VPC_LINK",
            connection_id=vpc_link.id,
            payload_format_version="1.0",
            timeout_milliseconds=TIMEOUT_MILLISECONDS,
            opts=self.child(depends_on=after),
        )

    def _route(
        self, route: Route, integration_id: pulumi.Input[str], authorizer: aws.apigatewayv2.Authorizer
    ) -> aws.apigatewayv2.Route:
        return aws.apigatewayv2.Route(
            f"{self.name}-{slug(route.key)}",
            api_id=self.api.id,
            route_key=route.key,
            target=pulumi.Output.concat("integrations/", integration_id),
            authorization_type="NONE" if route.public else "JWT",
            authorizer_id=None if route.public else authorizer.id,
            opts=self.child(),
        )

    def _stage(self, args: ApiGatewayArgs, account: AwsFoundation, after: Sequence[aws.apigatewayv2.Route]) -> None:
        limited = [route for route in self.routes if route.requests_per_second]
        # Under /aws/vendedlogs the service does not run into the size limit of the log resource policy.
        path = f"/aws/vendedlogs/apigateway/{account.prefix}"
        logs = log_group(self, self.name, path, on_aws(args.secrets, Secrets).key_arn)
        aws.apigatewayv2.Stage(
            self.name,
            api_id=self.api.id,
            name="$default",
            auto_deploy=True,
            default_route_settings={
                "throttling_rate_limit": args.requests_per_second,
                "throttling_burst_limit": args.burst,
                # Of each route, which CloudWatch asks money for: the access log has the route of every request.
                "detailed_metrics_enabled": False,
            },
            route_settings=[
                {
                    "route_key": route.key,
                    "throttling_rate_limit": route.requests_per_second,
                    "throttling_burst_limit": route.burst or route.requests_per_second,
                    "detailed_metrics_enabled": False,
                }
                for route in limited
            ],
            access_log_settings={"destination_arn": logs.arn, "format": pulumi.Output.json_dumps(ACCESS_LOG)},
            # The settings of a route that does not exist yet are refused.
            opts=self.child(depends_on=after if limited else None),
        )


def slug(route_key: str) -> str:
    """Name of a route's resource: `GET /orders/{order_id}` -> `get-orders-order-id`."""
    words = "".join(character if character.isalnum() else " " for character in route_key.lower()).split()
    return "-".join(words)


def _signals(api: aws.apigatewayv2.Api) -> tuple[Signal, ...]:
    return (
        Signal(
            name="errors",
            meaning="The API answers with 5xx: see which route in its access log.",
            namespace="AWS/ApiGateway",
            metric="5xx",
            dimensions={"ApiId": api.id},
            threshold=10,
            period_seconds=300,
        ),
    )
