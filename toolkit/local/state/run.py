"""What `up` records of a run, for `status` and `down`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from toolkit.local.deployers.deployer import EngineName
from toolkit.local.state.folder import accessible

RUN_FILE: Final = "up.json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Resources(_Record):
    """Cloud resources: what the deployment did and what there is."""

    total: int
    emulated: int
    """Created in an emulator or a server of this machine, or run as a process."""
    recorded: int
    """Not emulated: accepted, with plausible outputs."""
    create: int
    update: int
    replace: int
    delete: int
    same: int


class Component(_Record):
    """One component of the stack and what it is made of here."""

    name: str
    engine: str | None
    """The engine that plays its function in the cloud, `None` where the component plays no function."""
    emulated: int
    recorded: int


class Run(_Record):
    """What `status` and `down` need to know of a run."""

    stack: str
    engine: EngineName
    url: str
    endpoints: Mapping[str, str] = {}
    """Addresses by what answers there."""
    resources: Resources
    components: Sequence[Component] = ()
    not_emulated: Mapping[str, int] = {}
    """Recorded types and how many there are of each."""
    unserved: Sequence[str] = ()
    """Routes of the API that lead to no process of this machine."""
    ports: Mapping[str, int] = {}
    """Ports of the servers and processes, by name."""

    def write(self, state: Path) -> None:
        (state / RUN_FILE).write_text(self.model_dump_json(indent=2))


def last_run(state: Path) -> Run | None:
    """What the last `up` in this folder recorded, `None` without a run or with an unreadable record."""
    file = state / RUN_FILE
    with accessible(file):
        if not file.exists():
            return None
        try:
            return Run.model_validate_json(file.read_bytes())
        except ValidationError:  # no loss: the deployment's state is elsewhere
            return None


def forget(state: Path) -> None:
    """Forgets the last run, after its resources were deleted."""
    (state / RUN_FILE).unlink(missing_ok=True)
