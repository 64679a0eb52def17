"""What runs: the services and functions of the marketplace, each described once."""

from __future__ import annotations

from typing import Final

from components.workload import Function, Route, Service

CATALOG: Final = Service(
    name="catalog",
    function="catalog-service",
    module="services.catalog",
    priority=10,
    routes=(
        Route(method="GET", path="/catalog/{proxy+}", public=True),
        Route(method="PUT", path="/catalog/{proxy+}"),
    ),
    settings=("currency", "log_level"),
)

CHECKOUT: Final = Service(
    name="checkout",
    function="checkout-service",
    module="services.checkout",
    priority=20,
    routes=(
        # Each method by name: ANY would catch the browser's preflight too, which carries no token.
        Route(method="GET", path="/cart"),
        Route(method="DELETE", path="/cart"),
        Route(method="PUT", path="/cart/items/{offer_id}"),
        Route(method="POST", path="/checkout"),
        Route(method="GET", path="/orders"),
        Route(method="GET", path="/orders/{proxy+}"),
    ),
    settings=("currency", "commission_basis_points", "reservation_ttl_seconds", "log_level"),
    cpu=1024,
    memory_mib=2048,
)

CHECKOUT_SAGA: Final = Function(
    name="checkout-saga",
    function="checkout-orchestration",
    handler="functions.checkout.handler.handler",
    settings=("log_level",),
)

ORDER_PROCESSOR: Final = Function(
    name="order-processor",
    function="order-processor",
    handler="functions.order_processor.handler.handler",
    settings=("return_window_days", "log_level"),
    remembers_events=True,
)

MIGRATIONS: Final = Function(
    name="migrations",
    function="order-database",
    handler="functions.migrations.handler.handler",
    settings=("log_level",),
    timeout_seconds=300,
)
