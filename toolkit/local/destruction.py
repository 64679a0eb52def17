"""Destroys a deployed stack resource by resource, through the engine that deployed it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from toolkit.engine.program import Program
from toolkit.local.deployment import RUN_FILE, last_run, region_of
from toolkit.local.deployment_engine import choose
from toolkit.local.machine import Machine
from toolkit.local.provider import LocalProvider


def destroy(state: Path, project: Path) -> int | None:
    """How many resources were deleted, dependents first; `None` when nothing was deployed.

    The engines of this machine run meanwhile, the services do not.

    Raises:
        ToolkitError: a resource is protected, the state is damaged, or something could not be deleted.
    """
    run = last_run(state)
    if run is None:
        return None
    program = Program.load(project, run.stack)
    with Machine(state, region=region_of(program)) as machine:
        engine = choose(run.engine, machine.state)
        machine.start()
        with contextlib.closing(LocalProvider(machine)) as provider:
            deleted = engine.destroy(program, provider)
    (state / RUN_FILE).unlink()
    return deleted
