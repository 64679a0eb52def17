"""Order Database: PostgreSQL, the source of truth for offers, stock, orders, payments and the ledger.

Workloads sign in with their own identity, each as a database user of its own name; nobody holds a password but
the migrations, which read the master secret to change the schema and to create those users.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pulumi

from components.component import Component
from components.link import Access
from components.network import Network
from components.secrets_management import Secrets

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class OrderDatabaseArgs:
    """Contract of the order database."""

    network: Network
    secrets: Secrets
    database: str = "marketplace"


class Admits(Protocol):
    """What gives a database its schema and its users: the migrations."""

    def admit(self, user: str, access: Access) -> Sequence[pulumi.Resource]:
        """Creates a user with the grants of `access`; returns what must exist before that user signs in."""
        ...


class OrderDatabase(Component):
    """PostgreSQL with TLS, identity sign-in, encrypted storage and point-in-time recovery."""

    FUNCTION = "order-database"

    host: pulumi.Output[str]
    port: pulumi.Output[int]
    database: str
    resource_id: pulumi.Output[str]
    """Another one for another database, also where that takes over the name."""
    admits: Admits | None = None
    """Set by the migrations; workloads that read or write are declared after them."""
