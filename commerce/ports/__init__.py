"""The ports: what the rules and the services need from the outside. Every adapter of a port, the in-memory one
included, passes the same contract tests. All operations are safe to run concurrently, and to repeat, but one:
`Offers.change` adds its units each time, unless the change expects a stock."""

from commerce.ports.affinities import Affinities
from commerce.ports.carts import Carts
from commerce.ports.checkout_flow import CheckoutFlow
from commerce.ports.credentials import CredentialsSource, PasswordSource, RequestSigner, Secrets
from commerce.ports.dead_letters import DeadLetters
from commerce.ports.disputes import AuditLog, Cases, Reviews, Standings
from commerce.ports.edge_keys import EdgeKeys
from commerce.ports.events import EventBus, EventLog
from commerce.ports.files import FileNotThere, Files, SignedUpload
from commerce.ports.fraud import Assessments, FraudScorer, OrderPace
from commerce.ports.holds import Holds
from commerce.ports.imports import Imports
from commerce.ports.ledger import Ledger
from commerce.ports.offers import Offers
from commerce.ports.orders import Orders
from commerce.ports.outbox import Outbox
from commerce.ports.payment_gateway import PaymentGateway
from commerce.ports.payment_inbox import PaymentInbox, PaymentNotices
from commerce.ports.payouts import Payouts
from commerce.ports.product_search import ProductSearch, SearchIndex
from commerce.ports.products import Products
from commerce.ports.rankings import Rankings
from commerce.ports.refunds import Refunds
from commerce.ports.sales import Sales
from commerce.ports.seller_accounts import SellerAccounts
from commerce.ports.statements import Statements
from commerce.ports.stock_gate import StockGate

__all__ = [
    "Affinities",
    "Assessments",
    "AuditLog",
    "Carts",
    "Cases",
    "CheckoutFlow",
    "CredentialsSource",
    "DeadLetters",
    "EdgeKeys",
    "EventBus",
    "EventLog",
    "FileNotThere",
    "Files",
    "FraudScorer",
    "Holds",
    "Imports",
    "Ledger",
    "Offers",
    "OrderPace",
    "Orders",
    "Outbox",
    "PasswordSource",
    "PaymentGateway",
    "PaymentInbox",
    "PaymentNotices",
    "Payouts",
    "ProductSearch",
    "Products",
    "Rankings",
    "Refunds",
    "RequestSigner",
    "Reviews",
    "Sales",
    "SearchIndex",
    "Secrets",
    "SellerAccounts",
    "SignedUpload",
    "Standings",
    "Statements",
    "StockGate",
]
