"""Deploys a program's resources through a provider, and destroys them. The state is written after every step."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from toolkit.engine.calls import ProviderCalls
from toolkit.engine.counting import is_cloud_resource
from toolkit.engine.inventory import Inventory
from toolkit.engine.operations import Operation
from toolkit.engine.program import Program
from toolkit.engine.provider import Properties, Provider
from toolkit.engine.reconcile import Reconciler
from toolkit.engine.running import run
from toolkit.engine.state import ResourceState, State
from toolkit.engine.values import reveal
from toolkit.errors import ToolkitError

__all__ = ["Deployment", "ProtectedError", "deploy", "destroy", "refuse_protected"]


class ProtectedError(ToolkitError):
    """A resource is protected, so it is not deleted."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What a deployment did, and what exists now. Secrets in `resources` and `outputs` are in clear."""

    counts: Mapping[Operation, int]
    """How many cloud resources each operation touched."""
    resources: Sequence[ResourceState]
    outputs: Properties = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        return any(count for operation, count in self.counts.items() if operation not in ("same", "read"))


def deploy(program: Program, provider: Provider, state: State) -> Deployment:
    """Runs the program, creates and updates its resources, then deletes those that it no longer declares.

    Raises:
        ToolkitError: a setting is encrypted, the program raised, or a step failed. What was done until then is in the
            state.
    """
    started = time.monotonic()
    if program.secret_keys:
        raise ToolkitError(
            f"the settings {', '.join(program.secret_keys)} are encrypted, and only pulumi can read them",
            next_step="deploy with the real engine, or give this stack plain settings",
        )
    if state.stack and state.stack != f"{program.project}/{program.stack}":
        raise ToolkitError(
            f"{state.path} is the state of {state.stack}, not of {program.project}/{program.stack}",
            next_step="give this stack a state file of its own",
        )
    state.stack = f"{program.project}/{program.stack}"
    reconciler = Reconciler(program, provider, state)
    run(program, [reconciler])
    deleted = _delete(reconciler.inventory, reconciler.calls)
    state.record(reconciler.inventory.everything())
    counts = reconciler.counts | ({"delete": deleted} if deleted else {})
    return Deployment(
        counts=counts,
        resources=state.revealed(),
        outputs=reveal(state.outputs),
        seconds=time.monotonic() - started,
    )


def destroy(provider: Provider, state: State) -> Deployment:
    """Deletes every resource in the state, dependents first.

    Raises:
        ProtectedError: a resource is protected; then nothing is deleted.
        ToolkitError: a deletion failed.
    """
    started = time.monotonic()
    inventory = Inventory(state)
    deleted = _delete(inventory, ProviderCalls(provider, preview=False))
    state.outputs = {}
    state.record(inventory.everything())
    return Deployment(counts={"delete": deleted}, resources=(), seconds=time.monotonic() - started)


def refuse_protected(resources: Iterable[ResourceState]) -> None:
    """Raises `ProtectedError` where one of the resources may not be deleted."""
    protected = [state for state in resources if state.protect and not state.delete]
    if protected:
        names = ", ".join(state.title for state in protected)
        raise ProtectedError(
            f"protected, so not deleted: {names}",
            next_step="deploy once without their `protect`, then delete",
        )


def _delete(inventory: Inventory, calls: ProviderCalls) -> int:
    """Deletes the resources of the last deployment that this one did not register.

    Returns the number of cloud resources; old versions of replaced ones are deleted too, but not counted.
    """
    leftover = inventory.leftover()
    refuse_protected(leftover)
    gone = {state.urn for state in leftover}
    for state in leftover:
        if state.deleted_with not in gone:
            calls.delete(state)
        inventory.remove(state)
    return sum(is_cloud_resource(state) and not state.delete for state in leftover)
