"""What `up` records of a run, for `status` and `down`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from toolkit.engine.state import ResourceState
from toolkit.local.cloud.provider import is_emulated
from toolkit.local.deployers.deployer import Deployed, EngineName
from toolkit.local.state.folder import accessible

RUN_FILE: Final = "up.json"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class Resources(_Record):
    """What the deployment did and what there is."""

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


def counted(deployed: Deployed) -> Resources:
    """How many resources there are, how many of them are emulated, and what the deployment did."""
    types = Counter(resource.type for resource in deployed.resources if _is_of_the_cloud(resource))
    emulated = sum(count for type, count in types.items() if is_emulated(type))
    return Resources(total=types.total(), emulated=emulated, recorded=types.total() - emulated, **deployed.changes)


def not_emulated(deployed: Deployed) -> dict[str, int]:
    """Recorded types and how many there are of each."""
    types = Counter(resource.type for resource in deployed.resources if _is_of_the_cloud(resource))
    return {type: count for type, count in sorted(types.items()) if not is_emulated(type)}


def components(deployed: Deployed) -> tuple[Component, ...]:
    """The components in the order of the program, each with the resources that have it as their nearest ancestor."""
    known = {resource.urn: resource for resource in deployed.resources}
    emulated: Counter[str] = Counter()
    recorded: Counter[str] = Counter()
    for resource in deployed.resources:
        if _is_of_the_cloud(resource):
            owner = known.get(resource.parent)
            while owner is not None and owner.custom:
                owner = known.get(owner.parent)
            if owner is not None:
                (emulated if is_emulated(resource.type) else recorded)[owner.urn] += 1
    return tuple(
        Component(
            name=resource.name,
            engine=resource.inputs.get("engine"),
            emulated=emulated[resource.urn],
            recorded=recorded[resource.urn],
        )
        for resource in deployed.resources
        if emulated[resource.urn] + recorded[resource.urn]
    )


def _is_of_the_cloud(resource: ResourceState) -> bool:
    """Whether it is a resource of the cloud: no component, no provider."""
    return resource.custom and not resource.type.startswith("pulumi:")
