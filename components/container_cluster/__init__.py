"""The cluster that container services share, and the internal load balancer in front of them.

Shared infrastructure, not one of the architecture's functions: each service is one.
"""

from __future__ import annotations

from dataclasses import dataclass

from components.component import Component
from components.edge_key import EdgeKey
from components.network import Network


@dataclass(frozen=True, kw_only=True)
class ContainerClusterArgs:
    """Contract of the cluster."""

    network: Network
    edge_key: EdgeKey
    """What the entrance asks of every request."""


class ContainerCluster(Component):
    """Capacity for containers, and one internal entrance that sends each path to its service."""
