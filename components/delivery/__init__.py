"""Delivery: how the pipeline of the repository signs in to the cloud, without a stored key.

Shared infrastructure, not one of the architecture's functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.errors import ComponentError
from components.image_registry import ImageRegistry


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository of GitHub. Tokens of repositories made or renamed since 2026-07-15 carry the two numbers as well."""

    owner: str
    name: str
    owner_id: int
    repository_id: int

    @classmethod
    def of(cls, slug: str, ids: str) -> Repository:
        """From `owner/name` and `owner id/repository id`; raises `ComponentError` for anything else."""
        (owner, _, name), (owner_id, _, repository_id) = slug.partition("/"), ids.partition("/")
        if not (owner and name and owner_id.isdigit() and repository_id.isdigit()):
            raise ComponentError(
                f"{slug!r} and {ids!r} do not name a repository of GitHub.",
                next_step="Give marketplace:githubRepository as owner/name and marketplace:githubIds as the two "
                "numbers of `gh api repos/OWNER/NAME --jq '\"\\(.owner.id)/\\(.id)\"'`.",
            )
        return cls(owner=owner, name=name, owner_id=int(owner_id), repository_id=int(repository_id))

    def subjects(self, context: str) -> tuple[str, str]:
        """The exact `sub` of its tokens in this context, in both forms."""
        return (
            f"repo:{self.owner}/{self.name}:{context}",
            f"repo:{self.owner}@{self.owner_id}/{self.name}@{self.repository_id}:{context}",
        )


@dataclass(frozen=True, kw_only=True)
class DeliveryArgs:
    """Contract of the delivery."""

    repository: Repository
    environment: str
    """The environment of GitHub whose jobs deploy. Who may run them is decided there."""
    registry: ImageRegistry


class Delivery(Component):
    """Two roles: pull requests read what there is, and the environment's jobs deploy."""

    preview_role: pulumi.Output[str]
    deploy_role: pulumi.Output[str]
    boundary: pulumi.Output[str]
    """The most that any workload may do, whatever a deployment gives it."""
