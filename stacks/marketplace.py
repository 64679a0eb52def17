"""The marketplace: its architecture, in the order of the diagram.

Each line places a component; each link in brackets is an arrow. Permissions, environment variables and network
rules follow from the links, so none of them is written here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pulumi

from components.api_gateway import ApiGatewayArgs
from components.auth import AuthArgs
from components.cart_cache import CartCacheArgs
from components.catalog_database import CatalogDatabaseArgs
from components.checkout_orchestration import CheckoutOrchestrationArgs
from components.cloud import load
from components.container_cluster import ContainerClusterArgs
from components.container_service import ContainerService, ContainerServiceArgs
from components.event_function import EventFunction, EventFunctionArgs
from components.fulfillment_queue import FulfillmentQueueArgs
from components.link import Link, consumes, reads_secret, reads_writes, starts
from components.migrations import MigrationsArgs
from components.network import NetworkArgs
from components.observability import ObservabilityArgs
from components.order_database import OrderDatabaseArgs
from components.payments import PaymentsArgs
from components.workload import Function, Service
from stacks.settings import NAMESPACE, Settings
from stacks.workloads import CATALOG, CHECKOUT, CHECKOUT_SAGA, MIGRATIONS, ORDER_PROCESSOR

ROOT: Final = Path(__file__).parent.parent
CHECKOUT_DEFINITION: Final = ROOT / "functions" / "checkout" / "checkout.asl.json"
MIGRATION_FILES: Final = ROOT / "commerce" / "adapters" / "postgres" / "migrations"


def marketplace(settings: Settings, *, stack: str) -> dict[str, pulumi.Output[str]]:
    """Declares every resource of the marketplace; returns the stack's outputs."""
    cloud = load(settings.cloud)
    prefix = f"{NAMESPACE}-{stack}"
    tags = {"Project": NAMESPACE, "Stack": stack, "Profile": settings.profile_name, "ManagedBy": "pulumi"}
    on = cloud.foundation(
        prefix=prefix,
        profile=settings.profile,
        region=settings.region,
        account_id=settings.account_id,
        tags=tags,
        engines=settings.engines,
        allow_closed=settings.allow_closed,
    )

    # Foundations
    secrets = cloud.Secrets("secrets", on)
    network = cloud.Network(
        "network",
        on,
        NetworkArgs(cidr=str(settings.network_cidr), zones=settings.zones, log_key_arn=secrets.key_arn),
    )
    cluster = cloud.ContainerCluster("cluster", on, ContainerClusterArgs(network=network))
    image = cloud.image(settings.image, on)

    def service(workload: Service, *links: Link) -> ContainerService:
        environment = settings.environment(workload.settings)
        return cloud.ContainerService(
            workload.name,
            on,
            ContainerServiceArgs(
                workload=workload, cluster=cluster, secrets=secrets, image=image, environment=environment, links=links
            ),
        )

    def function(workload: Function, *links: Link) -> EventFunction:
        environment = settings.environment(workload.settings)
        return cloud.EventFunction(
            workload.name,
            on,
            EventFunctionArgs(
                workload=workload, network=network, secrets=secrets, image=image, environment=environment, links=links
            ),
        )

    # Data & State
    products = cloud.CatalogDatabase("products", on, CatalogDatabaseArgs(secrets=secrets))
    orders = cloud.OrderDatabase("orders", on, OrderDatabaseArgs(network=network, secrets=secrets))
    carts = cloud.CartCache("carts", on, CartCacheArgs(network=network, secrets=secrets))
    migrations = cloud.Migrations(
        MIGRATIONS.name,
        on,
        MigrationsArgs(
            workload=MIGRATIONS,
            folder=MIGRATION_FILES,
            database=orders,
            network=network,
            secrets=secrets,
            image=image,
            environment=settings.environment(MIGRATIONS.settings),
        ),
    )

    # Async & Integration
    stripe = cloud.Payments("stripe", on, PaymentsArgs(secrets=secrets))
    fulfillment = cloud.FulfillmentQueue("fulfillment", on, FulfillmentQueueArgs())
    order_processor = function(ORDER_PROCESSOR, consumes(fulfillment), reads_writes(orders))
    checkout_saga = function(CHECKOUT_SAGA, reads_writes(orders), reads_writes(carts), reads_secret(stripe))
    checkout_flow = cloud.CheckoutOrchestration(
        "checkout-flow",
        on,
        CheckoutOrchestrationArgs(
            definition=CHECKOUT_DEFINITION, saga=checkout_saga, fulfillment=fulfillment, secrets=secrets
        ),
    )

    # Application & Compute
    catalog = service(CATALOG, reads_writes(products), reads_writes(orders))
    checkout = service(CHECKOUT, reads_writes(orders), reads_writes(carts), starts(checkout_flow))

    # Client & Edge
    auth = cloud.Auth("auth", on, AuthArgs(callback_urls=settings.callback_urls, logout_urls=settings.logout_urls))
    api = cloud.ApiGateway(
        "api",
        on,
        ApiGatewayArgs(
            auth=auth,
            cluster=cluster,
            services=(catalog, checkout),
            secrets=secrets,
            allowed_origins=settings.allowed_origins,
            requests_per_second=settings.requests_per_second,
            burst=settings.burst,
        ),
    )

    # Security & Operations
    cloud.Observability(
        "observability",
        on,
        ObservabilityArgs(
            watched=(
                *(api, catalog, checkout),
                *(order_processor, checkout_saga, checkout_flow, fulfillment, fulfillment.dead_letters),
                *(products, orders, carts, migrations),
            ),
            secrets=secrets,
            email=settings.alarm_email,
        ),
    )

    on.refuse_idle_engines()
    return {
        "api_url": api.endpoint,
        "issuer": auth.issuer,
        "client_id": auth.client_id,
        "user_pool_id": auth.user_pool_id,
        "stripe_secret": stripe.secret_arn,
        "stripe_webhook_url": stripe.webhook_url(api.endpoint),
    }
