"""The registry that holds the image of all workloads.

Shared infrastructure, not one of the architecture's functions: all environments run images of one registry, so that
what was tried in one is what runs in the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component


@dataclass(frozen=True, kw_only=True)
class ImageRegistryArgs:
    """Contract of the registry."""

    repository: str
    """Name of the repository."""


class ImageRegistry(Component):
    """A repository whose tags never move, and whose images are scanned when they arrive."""

    address: pulumi.Output[str]
    """What `marketplace image` pushes to."""
