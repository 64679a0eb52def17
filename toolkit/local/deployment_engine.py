"""Who deploys: the offline engine or the real Pulumi CLI, both through the same provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from toolkit.engine.deployment import deploy, destroy
from toolkit.engine.events import OnEvent, Operation
from toolkit.engine.program import Program
from toolkit.engine.provider import Properties, Provider
from toolkit.engine.state import ResourceState, State
from toolkit.errors import ToolkitError

EngineName = Literal["offline", "pulumi"]
COUNTED: tuple[Operation, ...] = ("create", "update", "replace", "delete", "same")
STATE_FILE = "state.json"
PURGE = "discard it with `marketplace down --purge` and start again"


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """What there is now, and what had to be done for it."""

    resources: Sequence[ResourceState]
    """Live resources, secrets in clear."""
    outputs: Properties
    changes: Mapping[str, int]
    """How many were created, updated, replaced, deleted, and left the same."""


class DeploymentEngine(Protocol):
    """Makes the resources of a program through a provider, and keeps their state in a folder."""

    def repair(self, provider: Provider) -> None:
        """Brings the state back to what the machine really has, before a deployment."""
        ...

    def deploy(self, program: Program, provider: Provider, on_event: OnEvent) -> Deployed: ...

    def destroy(self, program: Program, provider: Provider) -> int:
        """Deletes everything; how many."""
        ...


class OfflineEngine:
    """The engine of `toolkit.engine`, its state in `state.json`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def repair(self, provider: Provider) -> None:
        forget_lost(open_state(self._folder), provider)

    def deploy(self, program: Program, provider: Provider, on_event: OnEvent) -> Deployed:
        done = deploy(program, provider, open_state(self._folder), on_event)
        return Deployed(resources=done.resources, outputs=done.outputs, changes=_counts(done.counts))

    def destroy(self, program: Program, provider: Provider) -> int:
        done = destroy(provider, open_state(self._folder))
        return sum(done.counts.values())


def open_state(folder: Path) -> State:
    """What the offline engine deployed.

    Raises:
        ToolkitError: the file is damaged.
    """
    try:
        return State(folder / STATE_FILE)
    except ToolkitError as damaged:
        # Removing this file alone would leave what it describes behind, in the way of the next deployment.
        raise ToolkitError(damaged.message, next_step=PURGE) from damaged


def forget_lost(state: State, provider: Provider) -> list[str]:
    """Forgets resources that the machine lost, as it may when it is switched off, so that they are made again.

    Returns their URNs.
    """

    lost = [
        resource.urn
        for resource in state.revealed()
        if resource.custom
        and not resource.external
        and not resource.type.startswith("pulumi:")
        and provider.read(resource.urn, resource.type, resource.id, resource.outputs) is None
    ]
    if lost:
        state.record(resource for resource in state.resources if resource.urn not in lost)
    return lost


def choose(name: EngineName, folder: Path) -> DeploymentEngine:
    """The engine of that name for a state folder; one folder stays with one engine.

    Raises:
        ToolkitError: the folder holds what the other engine deployed, or there is no Pulumi CLI.
    """
    from toolkit.local.pulumi_engine import PulumiEngine

    taken = deployed_by(folder)
    if taken is not None and taken != name:
        raise ToolkitError(
            f"the {taken} engine deployed what is in {folder}, the {name} engine knows nothing of it",
            next_step=f"use `--engine {taken}`, another folder (--state DIR), or `marketplace down --purge` first",
        )
    return PulumiEngine(folder) if name == "pulumi" else OfflineEngine(folder)


def deployed_by(folder: Path) -> EngineName | None:
    """The engine whose state is in a state folder."""
    from toolkit.local.pulumi_engine import FOLDER

    if (folder / FOLDER).exists():
        return "pulumi"
    return "offline" if (folder / STATE_FILE).exists() else None


def _counts(operations: Mapping[Operation, int]) -> dict[str, int]:
    return {name: operations.get(name, 0) for name in COUNTED}
