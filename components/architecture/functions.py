"""The 25 functions, in the order of the mapping table, joined with their cell on each cloud."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from components.architecture import aws, azure, gcp
from components.architecture.model import Cell, Function, Lane

_COLUMNS: Final[Mapping[str, Mapping[str, Cell]]] = {"aws": aws.CELLS, "azure": azure.CELLS, "gcp": gcp.CELLS}


def _function(id: str, title: str, lane: Lane) -> Function:
    cells = {cloud: column[id] for cloud, column in _COLUMNS.items()}
    return Function(id=id, title=title, lane=lane, cells=MappingProxyType(cells))


_ROWS = (
    _function("cdn", "CDN / Static Assets", Lane.CLIENT_EDGE),
    _function("waf", "WAF / DDoS", Lane.CLIENT_EDGE),
    _function("api-gateway", "API Gateway", Lane.CLIENT_EDGE),
    _function("auth", "Auth / Roles", Lane.CLIENT_EDGE),
    _function("catalog-service", "Catalog Service", Lane.APPLICATION_COMPUTE),
    _function("checkout-service", "Checkout Service", Lane.APPLICATION_COMPUTE),
    _function("seller-service", "Seller Service", Lane.APPLICATION_COMPUTE),
    _function("dispute-service", "Dispute / Admin Service", Lane.APPLICATION_COMPUTE),
    _function("order-processor", "Order Processor", Lane.APPLICATION_COMPUTE),
    _function("inventory-sync", "Inventory Sync Worker", Lane.APPLICATION_COMPUTE),
    _function("payment-webhook", "Payment Webhook Handler", Lane.APPLICATION_COMPUTE),
    _function("checkout-orchestration", "Checkout Orchestration", Lane.ASYNC_INTEGRATION),
    _function("catalog-database", "Catalog Database", Lane.DATA_STATE),
    _function("order-database", "Order Database", Lane.DATA_STATE),
    _function("product-search", "Product Search", Lane.DATA_STATE),
    _function("cart-cache", "Cart / Session Cache", Lane.DATA_STATE),
    _function("product-images", "Product Image Store", Lane.DATA_STATE),
    _function("recommendations", "Recommendations", Lane.AI_ML),
    _function("fraud-detection", "Fraud Detection ML", Lane.AI_ML),
    _function("payments", "Payment / Splits", Lane.APPLICATION_COMPUTE),
    _function("fulfillment-queue", "Fulfillment Queue", Lane.ASYNC_INTEGRATION),
    _function("dead-letter-queue", "Dead-Letter Queue", Lane.ASYNC_INTEGRATION),
    _function("notifications", "Notifications", Lane.ASYNC_INTEGRATION),
    _function("secrets-management", "Secrets Management", Lane.SECURITY_OPERATIONS),
    _function("observability", "Observability", Lane.SECURITY_OPERATIONS),
)

FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType({row.id: row for row in _ROWS})
"""Every function by id."""
