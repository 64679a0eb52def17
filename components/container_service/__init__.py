"""Container services: Catalog Service, Checkout Service and their siblings.

One class for every service that answers HTTP requests; which architectural function it plays is in its workload.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.component import Component
from components.container_cluster import ContainerCluster
from components.link import Access, Link
from components.secrets_management import Secrets
from components.workload import Service


@dataclass(frozen=True, kw_only=True)
class ContainerServiceArgs:
    """Contract of a container service."""

    workload: Service
    cluster: ContainerCluster
    secrets: Secrets
    image: str
    """Address of the container image."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Values of the settings that the workload declares."""
    links: tuple[Link, ...] = ()


class ContainerService(Component):
    """Identical containers behind the shared load balancer, as many as the load needs."""

    OFFERS = (Access.ROUTES,)

    workload: Service
