"""What a deployer does, whichever engine is behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from toolkit.engine.operations import Operation
from toolkit.engine.program import Program
from toolkit.engine.provider import Properties, Provider
from toolkit.engine.state import ResourceState

EngineName = Literal["offline", "pulumi"]
"""The two engines, as `--engine` names them."""
COUNTED: tuple[Operation, ...] = ("create", "update", "replace", "delete", "same")


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What there is now, and what had to be done for it."""

    resources: Sequence[ResourceState]
    """Live resources, secrets in clear."""
    outputs: Properties
    changes: Mapping[str, int]
    """How many cloud resources were created, updated, replaced, deleted, and left the same."""


class Deployer(Protocol):
    """Creates the resources of a program through a provider, and keeps their state in a folder."""

    def resume(self, program: Program) -> Deployed | None:
        """What the last run left, if it sealed that and the program cannot declare anything else since.

        `None` means: plan and deploy. Either way the seal is gone, so that the run after a crash compares all. Raises
        `ToolkitError` where the folder holds another stack.
        """
        ...

    def seal(self) -> None:
        """Lets the next run resume: this one ended well, and everything is on disk."""
        ...

    def repair(self, provider: Provider) -> bool:
        """Brings the state back to what the machine really has; returns whether the machine had lost anything."""
        ...

    def deploy(self, program: Program, provider: Provider) -> Deployed:
        """Creates, updates, replaces and deletes what the program needs."""
        ...

    def require_destroyable(self, program: Program) -> None:
        """Raises `ToolkitError` where `destroy` would refuse to begin: a resource is protected, the state is damaged.

        It changes no resource, and the stack may run.
        """
        ...

    def destroy(self, program: Program, provider: Provider) -> int:
        """Deletes every resource and returns how many cloud resources there were."""
        ...


def counts(operations: Mapping[Operation, int]) -> dict[str, int]:
    """How many cloud resources each operation touched, zeros included."""
    return {name: operations.get(name, 0) for name in COUNTED}
