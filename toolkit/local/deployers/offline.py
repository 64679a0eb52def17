"""The offline engine of `toolkit.engine` as the deployer, its state in `state.json`."""

from __future__ import annotations

from pathlib import Path

from toolkit.engine.deployment import deploy, destroy, refuse_protected
from toolkit.engine.program import Program
from toolkit.engine.provider import Provider
from toolkit.engine.state import State
from toolkit.errors import ToolkitError
from toolkit.local.deployers.deployer import Deployed, counts

STATE_FILE = "state.json"
PURGE = "discard it with `marketplace down --purge` and start again"


class OfflineDeployer:
    """Deploys without a Pulumi CLI."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def repair(self, provider: Provider) -> None:
        forget_lost(open_state(self._folder), provider)

    def deploy(self, program: Program, provider: Provider) -> Deployed:
        done = deploy(program, provider, open_state(self._folder))
        return Deployed(resources=done.resources, outputs=done.outputs, changes=counts(done.counts))

    def require_destroyable(self, program: Program) -> None:
        refuse_protected(open_state(self._folder).resources)

    def destroy(self, program: Program, provider: Provider) -> int:
        done = destroy(provider, open_state(self._folder))
        return sum(done.counts.values())


def open_state(folder: Path) -> State:
    """The state of the offline engine.

    Raises:
        ToolkitError: the file is damaged.
    """
    try:
        return State(folder / STATE_FILE)
    except ToolkitError as damaged:
        # Removing this file alone would leave the resources it describes behind, in the way of the next deployment.
        raise ToolkitError(damaged.message, next_step=PURGE) from damaged


def forget_lost(state: State, provider: Provider) -> list[str]:
    """Forgets resources that the machine lost, for example in a power cut, so that they are created again.

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
