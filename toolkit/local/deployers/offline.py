"""The offline engine of `toolkit.engine` as the deployer, its state in `state.json`."""

from __future__ import annotations

import contextlib
from pathlib import Path

from toolkit.engine.counting import is_cloud_resource
from toolkit.engine.deployment import deploy, destroy, refuse_protected
from toolkit.engine.program import Program
from toolkit.engine.provider import Provider
from toolkit.engine.state import State
from toolkit.engine.values import reveal
from toolkit.errors import ToolkitError
from toolkit.local.deployers.deployer import Deployed, counts
from toolkit.local.deployers.fingerprint import fingerprint

STATE_FILE = "state.json"
SEAL_FILE = "state.seal"
"""The fingerprint of the program that is deployed, after a run that ended well and before the next one."""
PURGE = "discard it with `marketplace down --purge` and start again"


class OfflineDeployer:
    """Deploys without a Pulumi CLI."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seal = folder / SEAL_FILE
        self._fingerprint = ""

    def resume(self, program: Program) -> Deployed | None:
        """Compares fingerprints, which takes milliseconds where running the program takes seconds."""
        state = open_state(self._folder)
        if state.stack not in ("", f"{program.project}/{program.stack}"):
            raise ToolkitError(
                f"{self._folder} holds the stack {state.stack}, not {program.project}/{program.stack}",
                next_step="use a folder of its own (--state DIR), or `marketplace down --purge` first",
            )
        with contextlib.suppress(OSError):  # then nobody knows whether it is the same
            self._fingerprint = fingerprint(program)
        sealed = self._seal.read_bytes().decode(errors="replace") if self._seal.exists() else ""
        self._seal.unlink(missing_ok=True)
        if not self._fingerprint or sealed != self._fingerprint:
            return None
        same = sum(map(is_cloud_resource, state.resources))
        return Deployed(resources=state.revealed(), outputs=reveal(state.outputs), changes=counts({"same": same}))

    def seal(self) -> None:
        part = self._seal.with_suffix(".part")
        part.write_text(self._fingerprint)
        part.replace(self._seal)

    def repair(self, provider: Provider) -> bool:
        return bool(forget_lost(open_state(self._folder), provider))

    def deploy(self, program: Program, provider: Provider) -> Deployed:
        done = deploy(program, provider, open_state(self._folder))
        return Deployed(resources=done.resources, outputs=done.outputs, changes=counts(done.counts))

    def require_destroyable(self, program: Program) -> None:
        refuse_protected(open_state(self._folder).resources)

    def destroy(self, program: Program, provider: Provider) -> int:
        self._seal.unlink(missing_ok=True)
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
