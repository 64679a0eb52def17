"""What one process of the stack is, before it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["service", "worker", "poller", "gateway"]


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """One process: its command, its own environment, the role it acts as, and how to tell that it is ready."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables as the plan has them; starting the process resolves them to this machine."""
    role_arn: str | None = None
    ready_url: str | None = None
    kind: Kind = "service"
    port: int | None = None
    function_name: str | None = None
    """For a worker: the Lambda function whose invocations it takes; several workers may share one."""
