"""Workloads: what runs in a container service or an event function, described once for every cloud."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Route:
    """A request of the public API that a service or a handler answers. `{name}` in the path stands for one segment."""

    method: str
    path: str
    public: bool = False
    """Answered without a signed-in user."""
    costly: bool = False
    """Each request costs money or holds stock: the firewall lets few of them pass from one address."""
    bulk: bool = False
    """Takes bodies that are larger than the firewall inspects, such as an import."""
    from_machines: bool = False
    """Called by the servers of another company: many requests and large bodies, from few addresses."""
    requests_per_second: int | None = None
    """Steady rate above which this route answers 429; the API's own rate where it is `None`."""
    burst: int | None = None
    """Requests of this route at once; as many as in a second where it is `None`."""

    @property
    def key(self) -> str:
        """`GET /orders/{order_id}`."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Service:
    """A container that answers HTTP requests."""

    name: str
    function: str
    """Id of the architectural function it plays."""
    module: str
    """Python module that is run: `services.checkout`."""
    routes: tuple[Route, ...]
    settings: tuple[str, ...] = ()
    """Names of the stack settings that it reads from its environment."""
    cores: float = 0.5
    memory_mib: int = 1024
    port: int = 8080

    @property
    def command(self) -> list[str]:
        """What the container runs."""
        return ["python", "-m", self.module]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure of the business that a handler tells: a graph of the dashboard, and an alarm where it has a limit."""

    name: str
    latest: bool = False
    """It stands for itself, like a balance; otherwise what is told in a time is added up."""
    limit: float | None = None
    """So much in five minutes is an alarm."""
    alarm: str = ""
    """Name of the alarm, and of its runbook."""
    meaning: str = ""
    """What has happened then, and where to look."""


@dataclass(frozen=True, kw_only=True)
class Handler:
    """Code that is called with an event."""

    name: str
    function: str
    """Id of the architectural function it plays or supports."""
    package: str
    """Python package: `functions.order_processor`. It has a module with the entry point of each cloud."""
    settings: tuple[str, ...] = ()
    """Names of the stack settings that it reads from its environment."""
    memory_mib: int = 512
    timeout_seconds: int = 30
    routes: tuple[Route, ...] = ()
    """Requests of the public API that it answers, with the body as it was sent."""
    batch_size: int = 10
    """Messages in one call, where it consumes a queue."""
    events: tuple[str, ...] = ()
    """Types of the events that it subscribes to."""
    figures: tuple[Figure, ...] = ()
    every_minutes: int | None = None
    """Minutes between two calls of a schedule, with the event `{"trigger": "schedule"}`; hours where the order database
    sleeps. A call that fails is not repeated, so each must do what the one before left undone."""
