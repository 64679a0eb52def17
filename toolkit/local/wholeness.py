"""Whether a state folder still holds all that earlier runs put there: its parts only make sense together."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from toolkit.errors import ToolkitError
from toolkit.local.deployment_engine import PURGE, STATE_FILE, deployed_by, open_state
from toolkit.local.run import RUN_FILE, last_run
from toolkit.local.state_folder import accessible

DATABASE: Final = "postgres/data"
AWS: Final = "moto.snapshot"


def require_whole(folder: Path) -> None:
    """Refuses a folder of which a part was deleted, before anything is started in it.

    A first `up` may end at any point and be continued. It makes the database first, then records resources one by
    one; the AWS services write theirs down seconds later, and the record of the run comes last. What a hard kill kept
    from being written down is made again.

    Raises:
        ToolkitError: names what is missing.
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
    return "pulumi" if run is not None and run.engine == "pulumi" else STATE_FILE
