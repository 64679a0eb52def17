"""The plan: what a stack would deploy, with references in place of the values that only a cloud can know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Value = Any
"""JSON, where an object with one `$` key stands for what JSON cannot say:

`{"$ref": [urn, property, ...]}`  a property of another resource (`["invoke:<id>", ...]`: of a data source)
`{"$concat": [...]}`              a string put together from texts and references
`{"$secret": value}`              a secret; literal parts read `[secret]`, references stay
`{"$unknown": true}`              a value that no run can trace
`{"$number": "nan"}`              a number that JSON has no form for: `nan`, `inf` or `-inf`
`{"$asset": {...}}`               a file, text or archive
`{"$resource": urn}`              a whole resource

A key of the program's own that starts with `$` has one `$` more.
"""

FindingKind = Literal["lossy-value", "created-inside-apply", "not-repeatable", "warning"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Function(_Record):
    """An architectural function that the stack deploys, and the cloud service (`engine`) that plays it."""

    id: str
    title: str
    engine: str | None = None
    lifecycle: Mapping[str, Any] = Field(default_factory=dict)
    components: Sequence[str] = ()
    """Names of the components that belong to it."""


class Link(_Record):
    """One component uses another: an arrow of the diagram."""

    source: str
    target: str
    access: str


class Resource(_Record):
    """One resource of the plan."""

    urn: str
    type: str
    name: str
    parent: str | None = None
    custom: bool = True
    inputs: Mapping[str, Value] = Field(default_factory=dict)
    dependencies: Sequence[str] = ()
    property_dependencies: Mapping[str, Sequence[str]] = Field(default_factory=dict)
    provider: str | None = None
    """URN of its provider resource."""
    protect: bool = False
    aliases: Sequence[str] = ()
    """Its earlier URNs."""
    ignore_changes: Sequence[str] = ()
    replace_on_changes: Sequence[str] = ()
    additional_secret_outputs: Sequence[str] = ()
    delete_before_replace: bool | None = None
    retain_on_delete: bool = False
    external: bool = False
    """Read by the program, not created by it."""
    id: str | None = None
    """Set only for a resource that is read or imported."""
    function: str | None = None
    """The function it belongs to, through the nearest component that names one."""
    source: str | None = None
    """`file:line` of the program that made it."""


class Invoke(_Record):
    """A data source that the program read; references name it `invoke:<id>`."""

    id: str
    token: str
    args: Mapping[str, Value] = Field(default_factory=dict)


class Finding(_Record):
    """Something in the program that may make a deployment differ from the plan."""

    kind: FindingKind
    message: str
    urn: str | None = None
    property: str | None = None
    source: str | None = None


class Plan(_Record):
    """A stack as it would be deployed; the single input of every artifact."""

    project: str
    stack: str
    cloud: str | None
    functions: Sequence[Function]
    resources: Sequence[Resource]
    links: Sequence[Link]
    invokes: Sequence[Invoke] = ()
    findings: Sequence[Finding] = ()
    outputs: Mapping[str, Value] = Field(default_factory=dict)
    seconds: float
