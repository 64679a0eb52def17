"""Links: who may do what with whom, said once.

`reads_writes(orders)` in a workload's `links` gives that workload the least permission this access needs,
the environment variables that tell it where the target is, the network rule between the two, and the
arrow in the diagram. Each target decides what an access means, in its `bind`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.component import Component


class Access(StrEnum):
    """What a workload does with the target of a link."""

    READS = "reads"
    READS_WRITES = "reads-writes"
    ADMINISTERS = "administers"
    QUERIES = "queries"
    INFERS = "infers"
    PUBLISHES = "publishes"
    CONSUMES = "consumes"
    STARTS = "starts"
    INVOKES = "invokes"
    READS_SECRET = "reads-secret"  # noqa: S105 - an access, not a password
    ROUTES = "routes"


@dataclass(frozen=True, kw_only=True)
class Link:
    """An arrow of the architecture: from the workload that carries it to `target`."""

    target: Component
    access: Access


def reads(target: Component) -> Link:
    """Reads data; never changes it."""
    return Link(target=target, access=Access.READS)


def reads_writes(target: Component) -> Link:
    """Reads and changes data; never the schema or the users."""
    return Link(target=target, access=Access.READS_WRITES)


def administers(target: Component) -> Link:
    """Changes the schema and the users of a database."""
    return Link(target=target, access=Access.ADMINISTERS)


def queries(target: Component) -> Link:
    """Searches an index."""
    return Link(target=target, access=Access.QUERIES)


def infers(target: Component) -> Link:
    """Asks a model for a score."""
    return Link(target=target, access=Access.INFERS)


def publishes(target: Component) -> Link:
    """Sends messages to a queue or topic."""
    return Link(target=target, access=Access.PUBLISHES)


def consumes(target: Component) -> Link:
    """Takes messages from a queue."""
    return Link(target=target, access=Access.CONSUMES)


def starts(target: Component) -> Link:
    """Starts executions of a workflow."""
    return Link(target=target, access=Access.STARTS)


def invokes(target: Component) -> Link:
    """Calls a function and waits for its answer."""
    return Link(target=target, access=Access.INVOKES)


def reads_secret(target: Component) -> Link:
    """Reads a secret's value at run time, with the workload's own identity."""
    return Link(target=target, access=Access.READS_SECRET)


def routes(target: Component) -> Link:
    """Sends HTTP requests of the outside world to a service."""
    return Link(target=target, access=Access.ROUTES)
