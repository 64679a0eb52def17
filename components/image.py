"""The one container image that services and functions run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Image:
    """The image, and the repository that workloads must be allowed to pull it from."""

    uri: str
    repository: str
    """Id of the repository in the cloud's own registry (an ARN on AWS)."""
