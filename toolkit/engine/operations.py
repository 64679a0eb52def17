"""The events of a running deployment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Operation = Literal["create", "update", "replace", "delete", "same", "read", "import"]
Phase = Literal["started", "done", "failed"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """One step of one resource. `seconds` and `message` are set once it is done or has failed."""

    operation: Operation
    phase: Phase
    urn: str
    type: str
    name: str
    seconds: float = 0.0
    message: str = ""


OnEvent = Callable[[Event], None]


def ignore(event: Event) -> None:
    """For callers that need no events."""
