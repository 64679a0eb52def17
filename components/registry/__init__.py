"""The registry of the one container image that services and functions run.

A foundation, not one of the architecture's functions. A stack that is given an image needs no registry.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """Contract of the registry."""

    key_arn: pulumi.Input[str]
    """Key that encrypts the images."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """The image that workloads run, and the repository they must be allowed to pull it from."""

    uri: pulumi.Input[str]
    repository_arn: pulumi.Input[str] | None = None
    """`None` for an image outside the cloud's own registry."""


class Registry(Component):
    """A private repository that scans what is pushed and forgets what is old."""

    image: Image
    """The newest image pushed (`:latest`)."""
