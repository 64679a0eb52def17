"""What counts as a resource, in every command and for both engines."""

from __future__ import annotations

from typing import Protocol


class Declared(Protocol):
    """A resource of a plan or of a state."""

    @property
    def type(self) -> str: ...
    @property
    def custom(self) -> bool: ...
    @property
    def external(self) -> bool: ...


def is_cloud_resource(declared: Declared) -> bool:
    """Whether the stack has it made in a cloud. Components, providers and what is only read are not counted."""
    return declared.custom and not declared.external and not declared.type.startswith("pulumi:")
