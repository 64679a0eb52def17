"""The order database: PostgreSQL 15 to 18 through asyncpg."""

from commerce.adapters.postgres.affinities import PostgresAffinities
from commerce.adapters.postgres.assessments import PostgresAssessments
from commerce.adapters.postgres.audit import PostgresAuditLog
from commerce.adapters.postgres.cases import PostgresCases
from commerce.adapters.postgres.connection import OUTAGES, connect_administrator, connect_pool
from commerce.adapters.postgres.events import PostgresEventLog
from commerce.adapters.postgres.holds import PostgresHolds
from commerce.adapters.postgres.imports import PostgresImports
from commerce.adapters.postgres.ledger import PostgresLedger
from commerce.adapters.postgres.migration import MigrationsDiffer, MigrationTampered, digest, migrate, read_migrations
from commerce.adapters.postgres.offers import PostgresOffers
from commerce.adapters.postgres.orders import PostgresOrders
from commerce.adapters.postgres.outbox import PostgresOutbox
from commerce.adapters.postgres.payment_inbox import PostgresPaymentInbox
from commerce.adapters.postgres.payouts import PostgresPayouts
from commerce.adapters.postgres.refunds import PostgresRefunds
from commerce.adapters.postgres.reviews import PostgresReviews
from commerce.adapters.postgres.roles import grant_roles
from commerce.adapters.postgres.sales import PostgresSales
from commerce.adapters.postgres.seller_accounts import PostgresSellerAccounts
from commerce.adapters.postgres.settings import DatabaseSettings
from commerce.adapters.postgres.standings import PostgresStandings
from commerce.adapters.postgres.statements import PostgresStatements

__all__ = [
    "OUTAGES",
    "DatabaseSettings",
    "MigrationTampered",
    "MigrationsDiffer",
    "PostgresAffinities",
    "PostgresAssessments",
    "PostgresAuditLog",
    "PostgresCases",
    "PostgresEventLog",
    "PostgresHolds",
    "PostgresImports",
    "PostgresLedger",
    "PostgresOffers",
    "PostgresOrders",
    "PostgresOutbox",
    "PostgresPaymentInbox",
    "PostgresPayouts",
    "PostgresRefunds",
    "PostgresReviews",
    "PostgresSales",
    "PostgresSellerAccounts",
    "PostgresStandings",
    "PostgresStatements",
    "connect_administrator",
    "connect_pool",
    "digest",
    "grant_roles",
    "migrate",
    "read_migrations",
]
