"""Functions, the engines that can play them, and the cells of the provider-mapping table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from components.architecture.lifecycle import Lifecycle, Status, Version


class Lane(StrEnum):
    """The lanes of the architecture diagram, in the order in which a request meets them."""

    CLIENT_EDGE = "Client & Edge"
    APPLICATION_COMPUTE = "Application & Compute"
    DATA_STATE = "Data & State"
    AI_ML = "AI / ML"
    ASYNC_INTEGRATION = "Async & Integration"
    SECURITY_OPERATIONS = "Security & Operations"


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A concrete service that can play a function, such as `aurora-postgresql`."""

    id: str
    title: str
    """The service's name; for the one that the mapping table names, exactly as it stands there."""
    lifecycle: Lifecycle
    versions: tuple[Version, ...] = ()
    """Those that a stack may choose and whose end is known."""

    def version(self, id: str) -> Version | None:
        """What is known of a version."""
        return next((version for version in self.versions if version.id == id), None)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of the mapping table: a function on one cloud."""

    named: Engine
    """The service that the mapping table names."""
    others: tuple[Engine, ...] = ()
    """Successors, variants and predecessors that people still ask for."""
    preferred: str | None = None
    """Engine id, where the default is neither the named service nor its successor."""
    reason: str = ""
    """Why `preferred`."""

    def __post_init__(self) -> None:
        if bool(self.preferred) != bool(self.reason):
            raise ValueError(f"{self.named.id}: a preferred engine and its reason come together")
        engines = self.engines
        if len(engines) != 1 + len(self.others):
            raise ValueError(f"{self.named.id}: two engines of this cell have one id")
        successors = {engine.id: engine.lifecycle.successor for engine in engines.values()}
        for id in (*successors.values(), self.preferred):
            if id and (id not in engines or not _open(engines[id])):
                raise ValueError(f"{self.named.id}: {id!r} is not an open engine of this cell")

    @property
    def service(self) -> str:
        """The words of the mapping table."""
        return self.named.title

    @property
    def engines(self) -> Mapping[str, Engine]:
        """Every engine of the cell by id, the named one first."""
        return {engine.id: engine for engine in (self.named, *self.others)}

    @property
    def default(self) -> Engine:
        """The preferred engine; else the named service, or its successor when it is closed or retired.

        It follows the recorded statuses, not the clock: a default changes in a commit that somebody
        reads, never overnight under a deployed stack.
        """
        if self.preferred:
            return self.engines[self.preferred]
        if not _open(self.named) and self.named.lifecycle.successor:
            return self.engines[self.named.lifecycle.successor]
        return self.named


def _open(engine: Engine) -> bool:
    return engine.lifecycle.status in (Status.AVAILABLE, Status.RENAMED)


@dataclass(frozen=True, kw_only=True)
class Function:
    """One architectural function of the marketplace, a row of the mapping table."""

    id: str
    title: str
    lane: Lane
    cells: Mapping[str, Cell]
    """By the cloud's id."""
