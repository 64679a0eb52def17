"""Whether a state folder is complete: its parts work only together."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from toolkit.errors import ToolkitError
from toolkit.local.deployers import pulumi
from toolkit.local.deployers.choice import deployed_by
from toolkit.local.deployers.offline import PURGE, STATE_FILE, open_state
from toolkit.local.state.folder import accessible
from toolkit.local.state.run import RUN_FILE, last_run

DATABASE: Final = "postgres/data"
AWS: Final = "moto.snapshot"


def require_integrity(folder: Path) -> None:
    """Refuses a folder of which a part was deleted, before anything starts in it.

    An interrupted first run is no damage. It creates the database first and then records resource after resource;
    moto's snapshot follows within seconds, and the record of the run comes last. Resources that a crash kept out of
    the snapshot are created again.

    Raises:
        ToolkitError: names the missing parts.
    """
    with accessible(folder):
        finished = (folder / RUN_FILE).exists()
        engine = deployed_by(folder)
        if engine == "offline" and not open_state(folder).resources:
            return
        missing = []
        if engine is None and finished:
            missing.append(_engine_state(folder))
        if (engine or finished) and not (folder / DATABASE).exists():
            missing.append(DATABASE)
        if finished and not (folder / AWS).exists():
            missing.append(AWS)
        nothing_left = engine is None and not (folder / DATABASE).exists() and not (folder / AWS).exists()
    if missing and not nothing_left:
        raise ToolkitError(
            f"{' and '.join(missing)} of an earlier run is missing in {folder}, and what is left does not work alone",
            next_step=PURGE,
        )


def _engine_state(folder: Path) -> str:
    run = last_run(folder)
    return pulumi.FOLDER if run is not None and run.engine == "pulumi" else STATE_FILE
