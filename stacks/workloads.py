"""What runs: the services and handlers of the marketplace, each described once."""

from __future__ import annotations

from typing import Final

from components.payments import WEBHOOK_PATH
from components.workload import Figure, Handler, Route, Service

CATALOG: Final = Service(
    name="catalog",
    function="catalog-service",
    module="services.catalog",
    routes=(
        Route(method="GET", path="/catalog/categories", public=True),
        Route(method="GET", path="/catalog/products", public=True),
        Route(method="GET", path="/catalog/products/{product_id}", public=True),
        Route(method="GET", path="/catalog/products/{product_id}/recommendations", public=True),
        Route(method="GET", path="/catalog/recommendations"),
        Route(method="PUT", path="/catalog/products/{product_id}"),
        Route(method="DELETE", path="/catalog/products/{product_id}"),
        Route(method="PUT", path="/catalog/products/{product_id}/offer"),
        Route(method="DELETE", path="/catalog/products/{product_id}/offer"),
        Route(method="GET", path="/catalog/products/{product_id}/images"),
        Route(method="POST", path="/catalog/products/{product_id}/images"),
        Route(method="PUT", path="/catalog/products/{product_id}/images"),
        Route(method="POST", path="/catalog/products/{product_id}/images/{image_id}/confirm"),
        Route(method="GET", path="/catalog/imports"),
        Route(method="POST", path="/catalog/imports"),
        Route(method="GET", path="/catalog/imports/{import_id}"),
        Route(method="GET", path="/catalog/imports/{import_id}/errors"),
        Route(method="PUT", path="/catalog/sellers/me"),
        Route(method="GET", path="/search", public=True),
        Route(method="GET", path="/search/suggestions", public=True),
    ),
    settings=("currency", "log_level"),
)

CHECKOUT: Final = Service(
    name="checkout",
    function="checkout-service",
    module="services.checkout",
    routes=(
        Route(method="GET", path="/cart"),
        Route(method="DELETE", path="/cart"),
        Route(method="PUT", path="/cart/items/{offer_id}"),
        Route(method="POST", path="/checkout", costly=True),
        Route(method="GET", path="/orders"),
        Route(method="GET", path="/orders/{order_id}"),
        Route(method="POST", path="/orders/{order_id}/authentication"),
        Route(method="POST", path="/orders/{order_id}/cancellation"),
    ),
    settings=("currency", "commission_basis_points", "reservation_ttl_seconds", "log_level"),
    cores=1,
    memory_mib=2048,
)

SELLER: Final = Service(
    name="seller",
    function="seller-service",
    module="services.seller",
    routes=(
        Route(method="GET", path="/seller/account"),
        Route(method="POST", path="/seller/account"),
        Route(method="POST", path="/seller/account/links"),
        Route(method="GET", path="/seller/orders"),
        Route(method="GET", path="/seller/orders/{order_id}"),
        Route(method="PUT", path="/seller/orders/{order_id}/shipment"),
        Route(method="PUT", path="/seller/orders/{order_id}/delivery"),
        Route(method="GET", path="/seller/balance"),
        Route(method="GET", path="/seller/payouts"),
        Route(method="GET", path="/seller/statement"),
        Route(method="GET", path="/sellers/{seller_id}/balance"),
        Route(method="GET", path="/sellers/{seller_id}/holds"),
        Route(method="PUT", path="/sellers/{seller_id}/orders/{order_id}/hold"),
        Route(method="POST", path="/sellers/{seller_id}/orders/{order_id}/release"),
    ),
    settings=("return_window_days", "log_level"),
)

DISPUTE: Final = Service(
    name="dispute",
    function="dispute-service",
    module="services.dispute",
    routes=(
        Route(method="GET", path="/cases"),
        Route(method="POST", path="/cases"),
        Route(method="GET", path="/cases/{case_id}"),
        Route(method="POST", path="/cases/{case_id}/messages"),
        Route(method="POST", path="/cases/{case_id}/escalation"),
        Route(method="POST", path="/cases/{case_id}/withdrawal"),
        Route(method="GET", path="/admin/cases"),
        Route(method="GET", path="/admin/cases/{case_id}"),
        Route(method="POST", path="/admin/cases/{case_id}/messages"),
        Route(method="POST", path="/admin/cases/{case_id}/escalation"),
        Route(method="PUT", path="/admin/cases/{case_id}/proposal"),
        Route(method="PUT", path="/admin/cases/{case_id}/decision"),
        Route(method="GET", path="/admin/reviews"),
        Route(method="GET", path="/admin/reviews/{order_id}"),
        Route(method="PUT", path="/admin/reviews/{order_id}/verdict"),
        Route(method="GET", path="/admin/suspensions"),
        Route(method="GET", path="/admin/suspensions/{seller_id}"),
        Route(method="PUT", path="/admin/suspensions/{seller_id}"),
        Route(method="POST", path="/admin/suspensions/{seller_id}/end"),
        Route(method="GET", path="/admin/audit"),
        Route(method="GET", path="/admin/orders"),
        Route(method="GET", path="/admin/orders/{order_id}"),
    ),
    settings=("refund_commission", "log_level"),
    cores=0.25,
    memory_mib=512,
)

CHECKOUT_SAGA: Final = Handler(
    name="checkout-saga",
    function="checkout-orchestration",
    package="functions.checkout",
    settings=("fraud_review_from", "fraud_refuse_from", "log_level"),
    figures=(
        Figure(name="FraudByModel"),
        Figure(
            name="FraudByRules",
            limit=10,
            alarm="rules-decide",
            meaning="The fraud scorer does not answer in time: the rules assess orders, and see less than the model.",
        ),
    ),
)

ORDER_PROCESSOR: Final = Handler(
    name="order-processor",
    function="order-processor",
    package="functions.order_processor",
    settings=("return_window_days", "delivery_days", "log_level"),
)

PAYMENT_WEBHOOK: Final = Handler(
    name="payment-webhook",
    function="payment-webhook",
    package="functions.payment_webhook",
    # The processor's signature is all that a caller needs. Its own limit keeps a flood away from the other routes.
    routes=(
        Route(method="POST", path=WEBHOOK_PATH, public=True, from_machines=True, requests_per_second=100, burst=200),
    ),
    settings=("refund_commission", "log_level"),
    timeout_seconds=20,
)

PAYOUTS: Final = Handler(
    name="payouts",
    function="payments",
    package="functions.payouts",
    settings=("refund_commission", "log_level"),
    figures=(Figure(name="HeldFunds", latest=True),),
    timeout_seconds=60,
    every_minutes=1,
)

THUMBNAILS: Final = Handler(
    name="thumbnails",
    function="product-images",
    package="functions.thumbnails",
    settings=("log_level",),
    memory_mib=1_536,
    timeout_seconds=60,
    batch_size=1,
)

RANKER: Final = Handler(
    name="ranker",
    function="recommendations",
    package="functions.recommendations",
    settings=("log_level",),
    timeout_seconds=300,
    every_minutes=15,
)

CATALOG_IMPORT: Final = Handler(
    name="catalog-import",
    function="catalog-database",
    package="functions.catalog_import",
    settings=("currency", "log_level"),
    memory_mib=1_024,
    timeout_seconds=300,
    batch_size=1,
)

INVENTORY_SYNC: Final = Handler(
    name="inventory-sync",
    function="inventory-sync",
    package="functions.inventory_sync",
    settings=("log_level",),
    timeout_seconds=300,
    every_minutes=5,
    events=("offer_changed", "product_withdrawn"),
)

NOTIFICATIONS: Final = Handler(
    name="notifier",
    function="notifications",
    package="functions.notifications",
    settings=("log_level",),
    events=(
        "order_accepted",
        "review_decided",
        "order_captured",
        "order_fulfilled",
        "order_failed",
        "sale_shipped",
        "sale_delivered",
        "refund_made",
        "payout_sent",
        "case_opened",
        "case_message",
        "case_escalated",
        "case_closed",
        "seller_suspended",
        "seller_reinstated",
    ),
    figures=(
        Figure(name="OrdersAccepted"),
        Figure(name="OrdersPaid"),
        Figure(name="Sales"),
        Figure(name="OrdersFailed"),
        Figure(name="Refunds"),
        Figure(name="Payouts"),
        Figure(name="CasesOpened"),
    ),
)

MIGRATIONS: Final = Handler(
    name="migrations",
    function="order-database",
    package="functions.migrations",
    settings=("log_level",),
    timeout_seconds=300,
)

EDGE_KEY_ROTATION: Final = Handler(
    name="edge-key-rotation",
    function="secrets-management",
    package="functions.edge_key",
    settings=("log_level",),
    memory_mib=256,
    timeout_seconds=60,
)

SERVICES: Final = (CATALOG, CHECKOUT, SELLER, DISPUTE)
HANDLERS: Final = (
    EDGE_KEY_ROTATION,
    CHECKOUT_SAGA,
    ORDER_PROCESSOR,
    PAYMENT_WEBHOOK,
    PAYOUTS,
    THUMBNAILS,
    CATALOG_IMPORT,
    RANKER,
    INVENTORY_SYNC,
    NOTIFICATIONS,
    MIGRATIONS,
)
