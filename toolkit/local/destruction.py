"""Destroys a deployed stack resource by resource, through the engine that deployed it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from toolkit.engine.program import Program
from toolkit.local.deployment_engine import choose, deployed_by
from toolkit.local.machine import Machine
from toolkit.local.provider import LocalProvider
from toolkit.local.run import forget, last_run


def destroy(state: Path, *, project: Path, stack: str) -> int:
    """How many resources were deleted, dependents first. Without a finished run, `stack` names the stack.

    The engines of this machine run meanwhile, the services do not.

    Raises:
        ToolkitError: a resource is protected, the state is damaged, or something could not be deleted.
    """
    name = deployed_by(state)
    if name is None:
        return 0
    run = last_run(state)
    program = Program.load(project, run.stack if run else stack)
    with Machine(state) as machine:
        engine = choose(name, machine.state)
        machine.start()
        with contextlib.closing(LocalProvider(machine)) as provider:
            deleted = engine.destroy(program, provider)
    forget(state)
    return deleted
