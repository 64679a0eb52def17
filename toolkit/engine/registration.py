"""A program's request for one resource, translated from the wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pulumi.runtime.proto import resource_pb2, source_pb2

from toolkit.engine import urns
from toolkit.engine.provider import Properties
from toolkit.engine.state import ResourceState
from toolkit.engine.values import decode, decode_value, without_references


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A resource as the program declares it, after inheritance from its parent and after transforms."""

    urn: str
    type: str
    name: str
    parent: str = ""
    custom: bool = True
    inputs: Properties = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provider: str = ""
    providers: Mapping[str, str] = field(default_factory=dict)
    protect: bool | None = None
    retain_on_delete: bool | None = None
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    import_id: str = ""
    replacement_trigger: Any = None
    replace_with: tuple[str, ...] = ()
    deleted_with: str = ""
    version: str = ""
    source: str = ""
    """`file:line` of the program, relative to its project; empty where the SDK does not know it."""

    @property
    def title(self) -> str:
        """Its name in messages: `orders (aws:rds/cluster:Cluster)`."""
        return urns.title(self.name, self.type)

    @property
    def place(self) -> str:
        """Where the program declares it; its URN where that is not known."""
        return self.source or self.urn

    def to_state(self, id: str, inputs: Properties, outputs: Properties) -> ResourceState:
        """The state to record once it is done."""
        return ResourceState(
            urn=self.urn,
            type=self.type,
            name=self.name,
            parent=self.parent,
            custom=self.custom,
            id=id,
            inputs=inputs,
            outputs=outputs,
            dependencies=self.dependencies,
            property_dependencies=self.property_dependencies,
            provider=self.provider,
            protect=bool(self.protect),
            retain_on_delete=bool(self.retain_on_delete),
            ignore_changes=self.ignore_changes,
            additional_secret_outputs=self.additional_secret_outputs,
            aliases=self.aliases,
            import_id=self.import_id,
            replacement_trigger=self.replacement_trigger,
            replace_with=self.replace_with,
            deleted_with=self.deleted_with,
        )


@dataclass(frozen=True, kw_only=True)
class Registered:
    """The engine's answer; in a preview `id` is `UNKNOWN` and outputs that only a cloud knows are missing."""

    id: str = ""
    outputs: Properties = field(default_factory=dict)


class Host(Protocol):
    """Decides what happens to each resource that a program registers. Called from many threads."""

    preview: bool

    def register(self, registration: Registration) -> Registered: ...

    def read(self, registration: Registration, id: str) -> Properties: ...

    def invoke(self, token: str, args: Properties, after: Sequence[str]) -> Properties | None:
        """Reads a data source; `None` in a preview in which one of the resources `after` which it is read is unknown.

        Raises:
            ProviderError: it has no answer; the program may go on without.
        """
        ...

    def register_outputs(self, urn: str, outputs: Properties) -> None: ...

    def default_provider(self, package: str, version: str, needed_by: str) -> str:
        """Reference of the provider for a package where the program names none."""
        ...

    def log(self, severity: str, message: str, urn: str) -> None: ...


def from_request(
    request: resource_pb2.RegisterResourceRequest, urn: str, aliases: tuple[str, ...], root: Path
) -> Registration:
    """Translates a request from the wire; `root` is the project's folder."""
    inputs = decode(request.object, root)
    if request.custom:
        inputs = without_references(inputs)
    dependencies = tuple(sorted(request.dependencies))
    per_property = {key: tuple(sorted(deps.urns)) for key, deps in request.propertyDependencies.items()}
    set_dbr = request.deleteBeforeReplaceDefined or request.deleteBeforeReplace
    return Registration(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        inputs=inputs,
        dependencies=dependencies,
        property_dependencies=per_property or dict.fromkeys(inputs, dependencies),
        provider=request.provider,
        providers=dict(request.providers),
        protect=request.protect if request.HasField("protect") else None,
        retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
        delete_before_replace=request.deleteBeforeReplace if set_dbr else None,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        aliases=aliases,
        import_id=request.importId,
        replacement_trigger=decode_value(request.replacement_trigger, root),
        replace_with=tuple(request.replace_with),
        deleted_with=request.deletedWith,
        version=request.version,
        source=program_position(request.stackTrace, root),
    )


def program_position(trace: source_pb2.StackTrace, root: Path) -> str:
    """`file:line` of the innermost frame inside the project; installed packages do not count."""
    prefix = f"{root.as_uri()}/"
    for frame in trace.frames:
        path = frame.pc.uri.removeprefix(prefix)
        if path != frame.pc.uri and "site-packages" not in path:
            return f"{path}:{frame.pc.line}"
    return ""
