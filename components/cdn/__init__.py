"""CDN / Static Assets: the marketplace's one public address, with the storefront's files and the API behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.api_gateway import ApiGateway
from components.component import Component
from components.waf import Waf


@dataclass(frozen=True, kw_only=True)
class CdnArgs:
    """Contract of the edge."""

    api: ApiGateway
    """Its routes go to it; every other path is a file of the site."""
    firewall: Waf
    site: Path
    """Folder of the storefront: its pages, and in `assets/` what they load."""
    domain: str | None = None
    """The marketplace's own name, such as `shop.example.com`; default: one of the cloud's."""


class Cdn(Component):
    """Serves the site from near its visitors and the API without ever keeping an answer of it."""

    FUNCTION = "cdn"

    url: pulumi.Output[str]
    """Where the marketplace is: `https://` and its domain."""
