"""Destroys a deployed stack resource by resource, through the engine that deployed it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from toolkit.engine.program import Program
from toolkit.local.cloud.provider import LocalProvider
from toolkit.local.deployers.choice import choose, deployed_by
from toolkit.local.stack.machine import Machine
from toolkit.local.state.run import forget, last_run


def destroy(state: Path, *, project: Path, stack: str) -> int:
    """Deletes every resource, dependents first, and returns how many. Without a finished run, `stack` names the stack.

    The servers of this machine run meanwhile, the services do not.

    Raises:
        ToolkitError: a resource is protected, the state is damaged, or something could not be deleted.
    """
    name = deployed_by(state)
    if name is None:
        return 0
    run = last_run(state)
    program = Program.load(project, run.stack if run else stack)
    with Machine(state) as machine:
        deployer = choose(name, machine.state)
        machine.start()
        with contextlib.closing(LocalProvider(machine)) as provider:
            deleted = deployer.destroy(program, provider)
    forget(state)
    return deleted
