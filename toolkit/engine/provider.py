"""The interface of a provider: Pulumi's own provider protocol, as plain Python.

A provider knows nothing of the engine that drives it. The offline engine calls it directly;
`toolkit.engine.serve` puts the same object behind gRPC for the real Pulumi CLI.

Properties are plain JSON-like values keyed by Pulumi's camelCase names. Secrets arrive
unwrapped (the engine keeps the mark), unknown values of a preview arrive as `UNKNOWN`,
and an asset or archive as an `Asset`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

Properties = dict[str, Any]

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's sentinel for a value that a preview cannot know (`pulumi.runtime.rpc.UNKNOWN`)."""


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file, folder, text or URI that a program gives to a resource."""

    kind: str
    """`file`, `text`, `uri` for assets; `archive` for a folder, file or URI of many files."""
    location: str
    """Path, URI or the text itself; empty for an archive put together from `members`."""
    hash: str
    """SHA-256 of the content, so that a changed file is a changed input."""
    members: Mapping[str, Asset] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CheckFailure:
    """One input that the provider refuses, and why."""

    property: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Inputs after defaults and autonaming, or the reasons they were refused."""

    inputs: Properties
    failures: Sequence[CheckFailure] = ()


@dataclass(frozen=True, kw_only=True)
class Diff:
    """What changes: names of changed inputs, and those among them that force a replacement."""

    changed: Sequence[str] = ()
    replaces: Sequence[str] = ()
    delete_before_replace: bool = False


@dataclass(frozen=True, kw_only=True)
class Created:
    """A resource's provider-assigned id and all its output properties."""

    id: str
    outputs: Properties = field(default_factory=dict)
    inputs: Properties | None = None
    """Of a resource that was read: the inputs that would create it. Without them it cannot be imported."""


class Provider(Protocol):
    """Creates, changes and deletes the resources of one or more packages."""

    def check(  # noqa: PLR0917 - Pulumi's own request has as many fields
        self, urn: str, type: str, name: str, olds: Properties | None, news: Properties, random_seed: bytes
    ) -> Checked:
        """Validates inputs, fills in defaults, and names a resource that has no name (an old name is kept)."""
        ...

    def diff(  # noqa: PLR0917 - Pulumi's own request has as many fields
        self, urn: str, type: str, id: str, old_inputs: Properties, olds: Properties, news: Properties
    ) -> Diff:
        """Compares checked inputs with the recorded ones; `ignore_changes` is already applied."""
        ...

    def create(self, urn: str, type: str, news: Properties, *, preview: bool) -> Created:
        """Creates the resource; in a preview returns what is known of its outputs (the inputs) and no id."""
        ...

    def read(self, urn: str, type: str, id: str, olds: Properties) -> Created | None:
        """The resource as it is now, `None` when it is gone; `olds` is empty for one that is imported."""
        ...

    def update(  # noqa: PLR0917 - Pulumi's own request has as many fields
        self, urn: str, type: str, id: str, old_inputs: Properties, olds: Properties, news: Properties, *, preview: bool
    ) -> Properties:
        """Changes the resource in place and returns all its output properties."""
        ...

    def delete(self, urn: str, type: str, id: str, olds: Properties) -> None:
        """Deletes the resource; one that is already gone is not an error."""
        ...

    def invoke(self, token: str, args: Mapping[str, Any]) -> Properties:
        """Reads a data source such as `aws:index/getAvailabilityZones:getAvailabilityZones`."""
        ...


class ProviderError(Exception):
    """A provider refused or failed an operation; the message says what to do next."""
