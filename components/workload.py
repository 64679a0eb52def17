"""Workloads: what runs in a container service or an event function, described once for every cloud."""

from __future__ import annotations

import re
from dataclasses import dataclass

from components.errors import ComponentError


@dataclass(frozen=True, kw_only=True)
class Route:
    """A path of the public API that a service answers, in API Gateway's notation (`/orders/{proxy+}`)."""

    method: str
    path: str
    public: bool = False
    """Answered without a signed-in user."""

    @property
    def key(self) -> str:
        """`GET /orders/{proxy+}`."""
        return f"{self.method} {self.path}"

    @property
    def pattern(self) -> str:
        """The path as load balancers match it: `/orders/*`."""
        return re.sub(r"\{[^}]+\}", "*", self.path)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A container that answers HTTP requests."""

    name: str
    function: str
    """Id of the architectural function it plays."""
    module: str
    """Python module that is run: `services.checkout`."""
    routes: tuple[Route, ...]
    priority: int
    """Rank of its rule on the shared load balancer: unique, and never changed by a neighbour's coming or going."""
    settings: tuple[str, ...] = ()
    """Names of the stack settings that it reads from its environment."""
    cpu: int = 512
    """CPU units; 1024 are one core."""
    memory_mib: int = 1024
    port: int = 8080

    @property
    def command(self) -> list[str]:
        """What the container runs."""
        return ["python", "-m", self.module]

    @property
    def patterns(self) -> list[str]:
        """Path patterns of its routes, each once."""
        return list(dict.fromkeys(route.pattern for route in self.routes))


@dataclass(frozen=True, kw_only=True)
class Function:
    """A handler that is called with an event."""

    name: str
    function: str
    """Id of the architectural function it plays."""
    handler: str
    """Python path of the handler: `functions.order_processor.handler.handler`."""
    settings: tuple[str, ...] = ()
    """Names of the stack settings that it reads from its environment."""
    memory_mib: int = 512
    timeout_seconds: int = 30
    batch_size: int = 10
    """Messages per call, for a function that consumes a queue."""
    remembers_events: bool = False
    """Keeps an idempotency table, so that a message delivered twice is handled once."""

    def __post_init__(self) -> None:
        if not 1 <= self.timeout_seconds <= 900:
            raise ComponentError(f"{self.name}: timeout_seconds is {self.timeout_seconds}; a function has 1 to 900.")
