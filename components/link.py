"""Links: which workload uses which component, and how.

`reads_writes(orders)` in a workload's `links` gives that workload the least permission that this access needs, the
environment variables that tell it where the target is, the network rule between the two, and the arrow in the
diagram. What an access needs is decided by the target, in the `bind` of its cloud's class.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from components.errors import UnsupportedAccess


class Access(StrEnum):
    """What a workload does with the target of a link."""

    READS = "reads"
    READS_WRITES = "reads-writes"
    ADMINISTERS = "administers"
    PUBLISHES = "publishes"
    CONSUMES = "consumes"
    SENDS = "sends"
    STARTS = "starts"
    INVOKES = "invokes"
    INFERS = "infers"
    READS_SECRET = "reads-secret"  # noqa: S105 - an access, not a password
    VERIFIES = "verifies"
    ROTATES = "rotates"
    ROUTES = "routes"
    QUERIES = "queries"
    INDEXES = "indexes"
    FOLLOWS = "follows"
    REPORTS = "reports"


class Target(Protocol):
    """What can be linked to."""

    @property
    def name(self) -> str: ...
    @property
    def OFFERS(self) -> tuple[Access, ...]:  # noqa: N802 - a class attribute of every component
        """The accesses that the component offers."""
        ...


@dataclass(frozen=True, kw_only=True)
class Link:
    """An arrow of the architecture, from the workload that carries it to `target`.

    Raises `UnsupportedAccess` for an access that the target does not offer.
    """

    target: Target
    access: Access

    def __post_init__(self) -> None:
        if self.access not in self.target.OFFERS:
            raise UnsupportedAccess(self.target.name, self.access, tuple(map(str, self.target.OFFERS)))


def reads(target: Target) -> Link:
    """Reads data; never changes it."""
    return Link(target=target, access=Access.READS)


def reads_writes(target: Target) -> Link:
    """Reads and changes data; never the schema or the users."""
    return Link(target=target, access=Access.READS_WRITES)


def administers(target: Target) -> Link:
    """Changes the schema and the users of a database."""
    return Link(target=target, access=Access.ADMINISTERS)


def publishes(target: Target) -> Link:
    """Sends messages to a queue or topic."""
    return Link(target=target, access=Access.PUBLISHES)


def consumes(target: Target) -> Link:
    """Takes messages from a queue."""
    return Link(target=target, access=Access.CONSUMES)


def sends(target: Target) -> Link:
    """Sends mail to people."""
    return Link(target=target, access=Access.SENDS)


def starts(target: Target) -> Link:
    """Starts executions of a workflow."""
    return Link(target=target, access=Access.STARTS)


def invokes(target: Target) -> Link:
    """Calls a function and waits for its answer."""
    return Link(target=target, access=Access.INVOKES)


def infers(target: Target) -> Link:
    """Asks a model, and waits for its answer."""
    return Link(target=target, access=Access.INFERS)


def reads_secret(target: Target) -> Link:
    """Reads a secret's value at run time, with the workload's own identity."""
    return Link(target=target, access=Access.READS_SECRET)


def verifies(target: Target) -> Link:
    """Verifies the tokens that a directory of users issues."""
    return Link(target=target, access=Access.VERIFIES)


def queries(target: Target) -> Link:
    """Searches; never changes what is found."""
    return Link(target=target, access=Access.QUERIES)


def indexes(target: Target) -> Link:
    """Decides what a search finds: makes, fills and replaces its index."""
    return Link(target=target, access=Access.INDEXES)


def follows(target: Target) -> Link:
    """Is called with the changes of a data store, in their order."""
    return Link(target=target, access=Access.FOLLOWS)


def reports(target: Target) -> Link:
    """Tells the operators what it does and how long that takes."""
    return Link(target=target, access=Access.REPORTS)


def rotates(target: Target) -> Link:
    """Gives the target's secret its new value when that is due."""
    return Link(target=target, access=Access.ROTATES)


def routes(target: Target) -> Link:
    """Sends HTTP requests of the outside world to a service."""
    return Link(target=target, access=Access.ROUTES)
