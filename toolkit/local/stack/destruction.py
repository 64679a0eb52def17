"""Destroys a deployed stack resource by resource, through the engine that deployed it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from toolkit.engine.deployment import ProtectedError
from toolkit.engine.program import Program
from toolkit.errors import ToolkitError
from toolkit.local.cloud.provider import LocalProvider
from toolkit.local.deployers.choice import choose, deployed_by
from toolkit.local.deployers.deployer import Deployer
from toolkit.local.stack.machine import Machine
from toolkit.local.state.run import forget, last_run

PROFILE: Final = "marketplace:profile"
"""The setting that protects data in some stacks."""
UNPROTECT: Final = 'marketplace:protect: "false"'
"""The setting that lifts this protection."""


def require_destroyable(state: Path, *, project: Path, stack: str) -> None:
    """Refuses what `destroy` could not even begin, while everything still runs.

    Raises:
        ToolkitError: a resource is protected, the project or the engine is missing, or the state is damaged.
    """
    deployed = _deployed(state, project, stack)
    if deployed is None:
        return
    deployer, program = deployed
    try:
        deployer.require_destroyable(program)
    except ProtectedError as protected:
        if PROFILE not in program.config:
            raise
        settings = f"Pulumi.{program.stack}.yaml"
        raise ToolkitError(
            protected.message,
            next_step=f"add `{UNPROTECT}` to {settings}, run up once more, then down --destroy again",
        ) from protected


def destroy(state: Path, *, project: Path, stack: str) -> int:
    """Deletes every resource, dependents first, and returns how many cloud resources there were.

    Without a finished run, `stack` names the stack. The servers of this machine run meanwhile, the services do not.

    Raises:
        ToolkitError: a resource is protected, the state is damaged, or something could not be deleted.
    """
    deployed = _deployed(state, project, stack)
    if deployed is None:
        return 0
    deployer, program = deployed
    with Machine(state) as machine:
        machine.start()
        with contextlib.closing(LocalProvider(machine)) as provider:
            deleted = deployer.destroy(program, provider)
    forget(state)
    return deleted


def _deployed(state: Path, project: Path, stack: str) -> tuple[Deployer, Program] | None:
    """Who deployed what is in the folder, and its program; `None` for a folder without a deployment."""
    name = deployed_by(state)
    if name is None:
        return None
    run = last_run(state)
    return choose(name, state.absolute()), Program.load(project, run.stack if run else stack)
