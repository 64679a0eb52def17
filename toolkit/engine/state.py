"""The state of a stack after its last deployment: its resources in dependency order, and its outputs."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from toolkit.engine import urns
from toolkit.engine.provider import Properties
from toolkit.engine.values import from_json, reveal, to_json
from toolkit.errors import ToolkitError

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class ResourceState:
    """One resource as it was deployed. `inputs` and `outputs` may hold `Secret` marks; `revealed()` has none."""

    urn: str
    type: str
    name: str
    parent: str = ""
    custom: bool = True
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provider: str = ""
    """Reference `<urn>::<id>` of its provider resource; empty for components and providers."""
    protect: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    import_id: str = ""
    """What the program imports it by, which may differ from its id."""
    replacement_trigger: Any = None
    """A change of this value replaces the resource."""
    replace_with: tuple[str, ...] = ()
    """URNs of the resources whose replacement replaces this one too."""
    deleted_with: str = ""
    """URN of the resource whose deletion deletes this one too."""
    external: bool = False
    """Read by the program (`X.get`), not managed by it: never deleted."""
    delete: bool = False
    """Replaced by a newer resource of the same URN, still to be deleted."""

    @property
    def title(self) -> str:
        """Its name in messages: `orders (aws:rds/cluster:Cluster)`."""
        return urns.title(self.name, self.type)

    def revealed(self) -> Self:
        return replace(self, inputs=reveal(self.inputs), outputs=reveal(self.outputs))


class State:
    """A JSON file, written whole after every step, so that after a crash it matches the cloud.

    Secrets are written in clear, so the file is readable by its owner only (mode 0600).
    """

    def __init__(self, path: Path | None = None) -> None:
        """Opens the file, or starts empty where there is none; without a path nothing is ever written.

        Raises:
            ToolkitError: the file is damaged or of another version.
        """
        self.path = path
        self.stack = ""
        self.resources: list[ResourceState] = []
        self.outputs: Properties = {}
        self._lines: dict[int, tuple[ResourceState, str]] = {}
        if path is not None and path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            content = json.loads(path.read_text())
            if content["version"] != VERSION:
                raise ToolkitError(
                    f"{path} is of version {content['version']}, this toolkit reads version {VERSION}",
                    next_step="remove it and deploy anew",
                )
            self.stack = content["stack"]
            self.resources = [_resource_from_json(entry) for entry in content["resources"]]
            self.outputs = from_json(content["outputs"])
        except (ValueError, KeyError, TypeError) as error:
            raise ToolkitError(
                f"the state file {path} is damaged ({error.__class__.__name__}: {error})",
                next_step="restore it, or remove it and deploy anew",
            ) from None

    def revealed(self) -> list[ResourceState]:
        """The live resources with their secrets in clear."""
        return [resource.revealed() for resource in self.resources if not resource.delete]

    def record(self, resources: Iterable[ResourceState]) -> None:
        """Replaces the recorded resources and writes the file atomically."""
        self.resources = list(resources)
        self.save()

    def save(self) -> None:
        if self.path is None:
            return
        head: dict[str, Any] = {"version": VERSION, "stack": self.stack, "outputs": to_json(self.outputs)}
        lines = ",\n".join(self._line(resource) for resource in self.resources)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp creates the file with mode 0600.
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        with os.fdopen(handle, "w") as file:
            file.write(f'{_one_line(head)[:-1]}, "resources": [\n{lines}\n]}}\n')
        Path(temporary).replace(self.path)

    def _line(self, resource: ResourceState) -> str:
        """A resource as JSON, cached: a deployment writes the whole file after each step."""
        known = self._lines.get(id(resource))
        if known is None or known[0] is not resource:
            known = self._lines[id(resource)] = (resource, _one_line(_resource_to_json(resource)))
        return known[1]


def _one_line(content: dict[str, Any]) -> str:
    """Sorted: a program sends the members of an object in any order, and the same state is to be the same file."""
    return json.dumps(content, sort_keys=True)


_DEFAULTS: dict[str, Any] = asdict(ResourceState(urn="", type="", name=""))


def _resource_to_json(resource: ResourceState) -> dict[str, Any]:
    values = {item.name: to_json(getattr(resource, item.name)) for item in fields(resource)}
    return {name: value for name, value in values.items() if value != to_json(_DEFAULTS[name])}


def _resource_from_json(entry: dict[str, Any]) -> ResourceState:
    values = from_json(entry)
    for name in ("dependencies", "ignore_changes", "additional_secret_outputs", "aliases", "replace_with"):
        values[name] = tuple(values.get(name, ()))
    values["property_dependencies"] = {k: tuple(v) for k, v in values.get("property_dependencies", {}).items()}
    return ResourceState(**values)
