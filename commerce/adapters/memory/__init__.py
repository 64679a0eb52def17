"""Every port in memory; each passes the contract tests of the real adapters."""

from commerce.adapters.memory.affinities import MemoryAffinities
from commerce.adapters.memory.assessments import MemoryAssessments
from commerce.adapters.memory.audit import MemoryAuditLog
from commerce.adapters.memory.carts import MemoryCarts
from commerce.adapters.memory.cases import MemoryCases
from commerce.adapters.memory.checkout_flow import MemoryFlow
from commerce.adapters.memory.dead_letters import MemoryDeadLetters
from commerce.adapters.memory.events import MemoryEventBus, MemoryEventLog
from commerce.adapters.memory.files import MemoryFiles
from commerce.adapters.memory.fraud_scorer import MemoryScorer
from commerce.adapters.memory.holds import MemoryHolds
from commerce.adapters.memory.imports import MemoryImports
from commerce.adapters.memory.ledger import MemoryLedger
from commerce.adapters.memory.mail import MemoryDirectory, MemoryMailBook, MemoryMailer
from commerce.adapters.memory.market import MemoryMarket
from commerce.adapters.memory.offers import MemoryOffers
from commerce.adapters.memory.order_pace import MemoryOrderPace
from commerce.adapters.memory.orders import MemoryOrders
from commerce.adapters.memory.outbox import MemoryOutbox
from commerce.adapters.memory.payment_inbox import MemoryPaymentInbox
from commerce.adapters.memory.payouts import MemoryPayouts
from commerce.adapters.memory.product_search import MemoryProductSearch
from commerce.adapters.memory.products import MemoryProducts
from commerce.adapters.memory.rankings import MemoryRankings
from commerce.adapters.memory.refunds import MemoryRefunds
from commerce.adapters.memory.reviews import MemoryReviews
from commerce.adapters.memory.sales import MemorySales
from commerce.adapters.memory.seller_accounts import MemorySellerAccounts
from commerce.adapters.memory.standings import MemoryStandings
from commerce.adapters.memory.statements import MemoryStatements
from commerce.adapters.memory.stock_gate import MemoryStockGate

__all__ = [
    "MemoryAffinities",
    "MemoryAssessments",
    "MemoryAuditLog",
    "MemoryCarts",
    "MemoryCases",
    "MemoryDeadLetters",
    "MemoryDirectory",
    "MemoryEventBus",
    "MemoryEventLog",
    "MemoryFiles",
    "MemoryFlow",
    "MemoryHolds",
    "MemoryImports",
    "MemoryLedger",
    "MemoryMailBook",
    "MemoryMailer",
    "MemoryMarket",
    "MemoryOffers",
    "MemoryOrderPace",
    "MemoryOrders",
    "MemoryOutbox",
    "MemoryPaymentInbox",
    "MemoryPayouts",
    "MemoryProductSearch",
    "MemoryProducts",
    "MemoryRankings",
    "MemoryRefunds",
    "MemoryReviews",
    "MemorySales",
    "MemoryScorer",
    "MemorySellerAccounts",
    "MemoryStandings",
    "MemoryStatements",
    "MemoryStockGate",
]
