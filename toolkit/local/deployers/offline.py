"""The offline engine of `toolkit.engine` as the deployer, its state in `state.json`."""

from __future__ import annotations

from pathlib import Path

from toolkit.engine.deployment import deploy, destroy, refuse_protected
from toolkit.engine.events import OnEvent
from toolkit.engine.program import Program
from toolkit.engine.provider import Provider
from toolkit.engine.state import State
from toolkit.engine.values import reveal
from toolkit.errors import ToolkitError
from toolkit.local.deployers.deployer import Deployed, counts
from toolkit.local.state.fingerprint import fingerprint

STATE_FILE = "state.json"
FINGERPRINT_FILE = "state.fingerprint"
"""Of the program whose deployment the state holds; missing while that is not complete."""
PURGE = "discard it with `marketplace down --purge` and start again"


class OfflineDeployer:
    """Deploys without a Pulumi CLI."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fingerprint = folder / FINGERPRINT_FILE

    def is_current(self, program: Program) -> bool:
        """Compares fingerprints, which takes milliseconds where running the program takes seconds."""
        return self._fingerprint.exists() and self._fingerprint.read_text() == fingerprint(program)

    def repair(self, provider: Provider) -> None:
        if forget_lost(open_state(self._folder), provider):
            self._fingerprint.unlink(missing_ok=True)

    def deploy(self, program: Program, provider: Provider, on_event: OnEvent) -> Deployed:
        state = open_state(self._folder)
        if self.is_current(program):
            return Deployed(
                resources=state.revealed(), outputs=reveal(state.outputs), changes=counts({"same": len(state.resources)})
            )
        before = fingerprint(program)  # a file that changes meanwhile is noticed the next time
        self._fingerprint.unlink(missing_ok=True)
        done = deploy(program, provider, state, on_event)
        self._fingerprint.write_text(before)
        return Deployed(resources=done.resources, outputs=done.outputs, changes=counts(done.counts))

    def require_destroyable(self, program: Program) -> None:
        refuse_protected(open_state(self._folder).resources)

    def destroy(self, program: Program, provider: Provider) -> int:
        self._fingerprint.unlink(missing_ok=True)
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
