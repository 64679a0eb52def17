"""CDN / Static Assets: the marketplace's one public address, with the storefront's files and the API behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.api_gateway import ApiGateway
from components.component import Component
from components.container_cluster import ContainerCluster
from components.edge_key import EdgeKey
from components.environment import Environment
from components.link import Access
from components.product_images import ProductImages
from components.waf import Waf


@dataclass(frozen=True, kw_only=True)
class CdnArgs:
    """Contract of the edge."""

    api: ApiGateway
    """Its routes go to it; every other path is a file of the site."""
    firewall: Waf
    key: EdgeKey
    """What it sends with every request to the API."""
    cluster: ContainerCluster
    """Where the API leads to, which asks for the key."""
    images: ProductImages
    site: Path
    """Folder of the storefront: its pages, and in `assets/` what they load."""
    domain: str | None = None
    """The marketplace's own name, such as `shop.example.com`; default: one of the cloud's."""


@dataclass(frozen=True, kw_only=True)
class CdnEnvironment(Environment):
    """What a rotation of the key must reach: `EDGE_KEY`, ... for an edge named `edge`."""

    key: pulumi.Input[str]
    """Id of the secret."""
    header: str
    entrance: pulumi.Input[str]
    """What asks for the key."""
    distribution: pulumi.Input[str]
    """What sends it."""


class Cdn(Component):
    """Serves the site from near its visitors and the API without ever keeping an answer of it."""

    FUNCTION = "cdn"
    OFFERS = (Access.ROTATES,)

    domain_target: pulumi.Output[str]
    """What the marketplace's own name must be an alias of (CNAME)."""
    url: pulumi.Output[str]
    """Where the marketplace is: `https://` and its domain."""
