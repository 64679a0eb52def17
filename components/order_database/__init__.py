"""Order Database: PostgreSQL, the source of truth for offers, stock, orders, payments and the ledger.

Workloads sign in with their own identity, each as a database user of its own name. Only the migrations have a
password: they read the administrator's secret to change the schema and to create those users.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.component import Component
from components.environment import Environment
from components.link import Access
from components.network import Network
from components.order_database.migrations import Migrations, MigrationsArgs
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class OrderDatabaseArgs:
    """Contract of the order database."""

    network: Network
    secrets: Secrets
    migrations: MigrationsArgs
    database: str = "marketplace"


@dataclass(frozen=True, kw_only=True)
class OrderDatabaseEnvironment(Environment):
    """How a workload signs in: `ORDERS_HOST`, ... for a database named `orders`."""

    host: pulumi.Input[str]
    port: pulumi.Input[int]
    database: str
    user: pulumi.Input[str] | None = None
    """The workload's own user; its password is a short-lived token of its identity."""
    secret: pulumi.Input[str] | None = None
    """Id of the administrator's secret, for a workload that administers."""
    tls: str = "verify-full"
    quiet_seconds: int | None = None
    """How seldom to look for work, so that the database can sleep; `None` for one that never does."""


class OrderDatabase(Component):
    """PostgreSQL with TLS, identity sign-in, encrypted storage and point-in-time recovery, and its migrations."""

    FUNCTION = "order-database"
    OFFERS = (Access.READS, Access.READS_WRITES, Access.ADMINISTERS)

    host: pulumi.Output[str]
    port: pulumi.Output[int]
    database: str
    migrations: Migrations
