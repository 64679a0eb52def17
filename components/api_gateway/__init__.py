"""API Gateway: the marketplace's public HTTP API, which routes, throttles and rejects callers without a valid token."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.auth import Auth
from components.component import Component
from components.container_cluster import ContainerCluster
from components.container_service import ContainerService
from components.event_function import EventFunction
from components.secrets_management import Secrets
from components.workload import Route


@dataclass(frozen=True, kw_only=True)
class ApiGatewayArgs:
    """Contract of the API."""

    auth: Auth
    cluster: ContainerCluster
    """Where the services' load balancer is."""
    services: tuple[ContainerService, ...]
    """Each brings its own routes."""
    functions: tuple[EventFunction, ...] = ()
    """Those that answer requests themselves, each on its own routes."""
    secrets: Secrets
    allowed_origins: tuple[str, ...]
    """Origins of the storefronts that browsers may call from."""
    requests_per_second: int
    """Steady rate above which requests are answered with 429."""
    burst: int


class ApiGateway(Component):
    """Routes requests to the services: public ones as they come, the others only with a valid token.

    Services verify the token again, so bypassing the gateway gains nothing.
    """

    FUNCTION = "api-gateway"

    endpoint: pulumi.Output[str]
    routes: tuple[Route, ...]
    """Every request that it answers."""
