"""The life of a cloud service: open, closed to new customers, retired or renamed, and who says so.

"The SDK still has the class" is not "the service can be had": Pulumi's packages import cleanly for
services that closed years ago. So each engine carries its lifecycle as data, with a source and the
date on which it was checked, and choosing one that is gone fails before anything is planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Status(StrEnum):
    """Whether a service can be had on a given day."""

    AVAILABLE = "available"
    CLOSED = "closed to new customers"
    """Existing customers keep it; a new account cannot create it."""
    RETIRED = "retired"
    """Its API is gone, for everybody."""
    RENAMED = "renamed"
    """The same API under another product name."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of an engine, and the day from which its cloud no longer supports it."""

    id: str
    ends_on: date
    as_of: date
    """The day this was last checked."""
    source: str
    long_term: bool = False
    """The cloud supports it for years, with patches only."""


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """What is known of a service's life. Build one with `available`, `closed`, `retired` or `renamed`."""

    status: Status
    """As it stood on `as_of`; ask `on(day)` for another day."""
    as_of: date
    """The day this was last checked."""
    source: str
    """Address of the page that says so, or of the product's documentation where no closure was found."""
    closed_on: date | None = None
    """From this day new customers are refused."""
    retires_on: date | None = None
    """From this day nobody can use it; may lie in the future."""
    renamed_to: str | None = None
    successor: str | None = None
    """Id of the engine of the same function and cloud to choose in its place."""
    note: str = ""

    def __post_init__(self) -> None:
        if self.on(self.as_of) is not self.status:
            raise ValueError(f"status {self.status} contradicts the dates on {self.as_of}: {self.on(self.as_of)}")
        if (self.closed_on or self.retires_on) and not self.successor:
            raise ValueError(f"a service that closes or retires needs a successor ({self.source})")

    def on(self, day: date) -> Status:
        """The status on `day`, so that a retirement announced today refuses from its own date on."""
        if self.retires_on and day >= self.retires_on:
            return Status.RETIRED
        if self.closed_on and day >= self.closed_on:
            return Status.CLOSED
        return Status.RENAMED if self.renamed_to else Status.AVAILABLE


def available(as_of: date, source: str, note: str = "") -> Lifecycle:
    """A service that anybody can create."""
    return Lifecycle(status=Status.AVAILABLE, as_of=as_of, source=source, note=note)


def closed(
    as_of: date, source: str, *, closed_on: date, successor: str, retires_on: date | None = None, note: str = ""
) -> Lifecycle:
    """A service that only its existing customers still have."""
    return Lifecycle(
        status=Status.CLOSED,
        as_of=as_of,
        source=source,
        closed_on=closed_on,
        retires_on=retires_on,
        successor=successor,
        note=note,
    )


def retired(
    as_of: date, source: str, *, retires_on: date, successor: str, closed_on: date | None = None, note: str = ""
) -> Lifecycle:
    """A service that is gone."""
    return Lifecycle(
        status=Status.RETIRED,
        as_of=as_of,
        source=source,
        closed_on=closed_on,
        retires_on=retires_on,
        successor=successor,
        note=note,
    )


def renamed(as_of: date, source: str, *, renamed_to: str, note: str = "") -> Lifecycle:
    """A service that anybody can create, now sold under another name."""
    return Lifecycle(status=Status.RENAMED, as_of=as_of, source=source, renamed_to=renamed_to, note=note)
