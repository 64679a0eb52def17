"""The marketplace: its architecture by the lanes of the diagram, each component after those that it uses.

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
from components.cdn import CdnArgs
from components.checkout_orchestration import CheckoutOrchestrationArgs
from components.cloud import load
from components.container_cluster import ContainerClusterArgs
from components.container_service import ContainerService, ContainerServiceArgs
from components.dead_letter_queue import DeadLetterQueueArgs
from components.edge_key import EdgeKeyArgs
from components.event_function import EventFunction, EventFunctionArgs
from components.event_queue import EventQueueArgs, Subscription
from components.foundation import Engines
from components.fraud_detection import FraudDetectionArgs
from components.fulfillment_queue import FulfillmentQueueArgs
from components.link import (
    Link,
    consumes,
    follows,
    indexes,
    infers,
    publishes,
    queries,
    reads,
    reads_secret,
    reads_writes,
    reports,
    rotates,
    sends,
    starts,
    verifies,
)
from components.network import NetworkArgs
from components.notifications import NotificationsArgs
from components.observability import ObservabilityArgs
from components.order_database import OrderDatabaseArgs
from components.order_database.migrations import MigrationsArgs
from components.payments import PaymentsArgs
from components.product_images import ProductImagesArgs
from components.product_search import ProductSearchArgs
from components.recommendations import RecommendationsArgs
from components.secrets_management import SecretsArgs
from components.waf import WafArgs
from components.workload import Handler, Service
from stacks.baseline import shared_by
from stacks.settings import NAMESPACE, Settings
from stacks.workloads import (
    CATALOG,
    CATALOG_IMPORT,
    CHECKOUT,
    CHECKOUT_SAGA,
    DISPUTE,
    EDGE_KEY_ROTATION,
    HANDLERS,
    INVENTORY_SYNC,
    MIGRATIONS,
    NOTIFICATIONS,
    ORDER_PROCESSOR,
    PAYMENT_WEBHOOK,
    PAYOUTS,
    RANKER,
    SELLER,
    SERVICES,
    THUMBNAILS,
)

ROOT: Final = Path(__file__).parent.parent
CHECKOUT_DEFINITIONS: Final = ROOT / "functions" / "checkout" / "definitions"
SITE: Final = ROOT / "web"
MIGRATION_FILES: Final = ROOT / "commerce" / "adapters" / "postgres" / "migrations"


def marketplace(settings: Settings, *, stack: str) -> dict[str, pulumi.Output[str]]:
    """Declares every resource of the marketplace; returns the stack's outputs."""
    cloud = load(settings.cloud)
    engines = Engines(chosen=settings.engines, allow_closed=settings.allow_closed)
    engines.require(settings.cloud, cloud.deployed(SERVICES, HANDLERS))
    image = settings.cloud_settings.image
    shared = shared_by(settings.baseline, settings) if settings.baseline else None
    on = cloud.foundation(
        settings.cloud_settings,
        prefix=f"{NAMESPACE}-{stack}",
        profile=settings.profile,
        tags={"Project": NAMESPACE, "Stack": stack, "Profile": settings.profile_name, "ManagedBy": "pulumi"},
        engines=engines,
        boundary=shared.apply(lambda found: found.get("workload_boundary")) if shared is not None else None,
    )

    # Foundations
    secrets = cloud.Secrets("secrets", on, SecretsArgs())
    observability = cloud.Observability(
        "observability",
        on,
        ObservabilityArgs(secrets=secrets, email=settings.alarm_email, monthly_budget_usd=settings.monthly_budget_usd),
    )
    network = cloud.Network(
        "network",
        on,
        NetworkArgs(
            cidr=str(settings.network_cidr), secrets=secrets, shared=shared["network"] if shared is not None else None
        ),
    )
    edge_key = cloud.EdgeKey("edge-key", on, EdgeKeyArgs(secrets=secrets))
    cluster = cloud.ContainerCluster("cluster", on, ContainerClusterArgs(network=network, edge_key=edge_key))

    def service(workload: Service, *links: Link) -> ContainerService:
        environment = settings.environment(workload.settings)
        return cloud.ContainerService(
            workload.name,
            on,
            ContainerServiceArgs(
                workload=workload,
                cluster=cluster,
                secrets=secrets,
                image=image,
                environment=environment,
                links=(*links, reports(observability)),
            ),
        )

    def handler(workload: Handler, *links: Link) -> EventFunction:
        environment = settings.environment(workload.settings)
        return cloud.EventFunction(
            workload.name,
            on,
            EventFunctionArgs(
                workload=workload, network=network, secrets=secrets, image=image, environment=environment, links=links
            ),
        )

    # Data & State
    products = cloud.CatalogDatabase("products", on, CatalogDatabaseArgs(secrets=secrets, listed_by=("category",)))
    migrations = MigrationsArgs(
        workload=MIGRATIONS,
        folder=MIGRATION_FILES,
        image=image,
        environment=settings.environment(MIGRATIONS.settings),
    )
    orders = cloud.OrderDatabase(
        "orders", on, OrderDatabaseArgs(network=network, secrets=secrets, migrations=migrations)
    )
    images = cloud.ProductImages("images", on, ProductImagesArgs(allowed_origins=settings.allowed_origins))
    search = cloud.ProductSearch("search", on, ProductSearchArgs(network=network, secrets=secrets))
    carts = cloud.CartCache("carts", on, CartCacheArgs(network=network, secrets=secrets))

    # AI & ML
    fraud = cloud.FraudDetection(
        "fraud", on, FraudDetectionArgs(image=settings.cloud_settings.scorer_image, secrets=secrets)
    )
    recommendations = cloud.Recommendations(
        "recommendations",
        on,
        RecommendationsArgs(
            cache=carts,
            database=orders,
            catalog=products,
            ranker=RANKER,
            network=network,
            secrets=secrets,
            image=image,
            environment=settings.environment(RANKER.settings),
        ),
    )

    # Async & Integration
    notifications = cloud.Notifications(
        "notifications", on, NotificationsArgs(secrets=secrets, sender=settings.mail_from)
    )
    stripe = cloud.Payments("stripe", on, PaymentsArgs(secrets=secrets))
    fulfillment = cloud.FulfillmentQueue("fulfillment", on, FulfillmentQueueArgs())
    order_processor = handler(ORDER_PROCESSOR, consumes(fulfillment), reads_writes(orders))
    payment_webhook = handler(PAYMENT_WEBHOOK, reads_writes(orders), reads_secret(stripe))
    payouts = handler(PAYOUTS, reads_writes(orders), reads_secret(stripe))
    thumbnails = handler(THUMBNAILS, consumes(images.uploads), publishes(images), reads_writes(products))
    catalog_import = handler(
        CATALOG_IMPORT, consumes(images.imports), reads(images), reads_writes(products), reads_writes(orders)
    )
    search_rejected = cloud.DeadLetterQueue("search-rejected", on, DeadLetterQueueArgs())
    offer_changes = cloud.EventQueue(
        "offer-changes",
        on,
        EventQueueArgs(
            subscriptions=(Subscription(topic=notifications.events, types=INVENTORY_SYNC.events),),
            handling_seconds=INVENTORY_SYNC.timeout_seconds,
        ),
    )
    inventory_sync = handler(
        INVENTORY_SYNC,
        follows(products),
        consumes(offer_changes),
        reads(products),
        reads(orders),
        reads_writes(carts.stock),
        indexes(search),
        publishes(search_rejected),
    )
    checkout_saga = handler(
        CHECKOUT_SAGA, reads_writes(orders), reads_writes(carts), reads_secret(stripe), infers(fraud)
    )
    checkout_flow = cloud.CheckoutOrchestration(
        "checkout-flow",
        on,
        CheckoutOrchestrationArgs(
            definitions=CHECKOUT_DEFINITIONS, saga=checkout_saga, fulfillment=fulfillment, secrets=secrets
        ),
    )

    # Client & Edge, and the services behind it
    auth = cloud.Auth(
        "auth",
        on,
        AuthArgs(callback_urls=settings.callback_urls, logout_urls=settings.logout_urls, sender=settings.mail_from),
    )
    catalog = service(
        CATALOG,
        verifies(auth),
        reads_writes(products),
        reads_writes(orders),
        reads_writes(images),
        reads_writes(recommendations),
        queries(search),
    )
    seller = service(SELLER, verifies(auth), reads_writes(orders), reads_secret(stripe))
    dispute = service(DISPUTE, verifies(auth), reads_writes(orders))
    checkout = service(
        CHECKOUT,
        verifies(auth),
        reads_writes(orders),
        reads_writes(carts),
        starts(checkout_flow),
        publishes(notifications.events),
    )
    api = cloud.ApiGateway(
        "api",
        on,
        ApiGatewayArgs(
            auth=auth,
            cluster=cluster,
            services=(catalog, checkout, seller, dispute),
            functions=(payment_webhook,),
            secrets=secrets,
            allowed_origins=settings.allowed_origins,
            requests_per_second=settings.requests_per_second,
            burst=settings.burst,
        ),
    )
    firewall = cloud.Waf(
        "firewall",
        on,
        WafArgs(routes=api.routes, secrets=secrets, count_only=settings.firewall_counts_only),
    )
    edge = cloud.Cdn(
        "edge",
        on,
        CdnArgs(
            api=api,
            firewall=firewall,
            key=edge_key,
            cluster=cluster,
            images=images,
            site=SITE,
            domain=settings.domain,
        ),
    )
    edge_key_rotation = handler(EDGE_KEY_ROTATION, rotates(edge))

    # Security & Operations
    mails = cloud.EventQueue(
        "mails",
        on,
        EventQueueArgs(
            subscriptions=(
                Subscription(topic=notifications.events, types=NOTIFICATIONS.events),
                Subscription(topic=notifications.feedback),
            )
        ),
    )
    notifier = handler(NOTIFICATIONS, consumes(mails), reads_writes(orders), reads(auth), sends(notifications))
    observability.watch(
        edge,
        firewall,
        edge_key_rotation,
        api,
        catalog,
        checkout,
        seller,
        dispute,
        order_processor,
        payment_webhook,
        payouts,
        checkout_saga,
        checkout_flow,
        fulfillment,
        fulfillment.dead_letters,
        images.uploads,
        images.uploads.dead_letters,
        images.imports,
        images.imports.dead_letters,
        thumbnails,
        catalog_import,
        products,
        orders,
        carts,
        fraud,
        search,
        search_rejected,
        inventory_sync,
        offer_changes,
        offer_changes.dead_letters,
        orders.migrations,
        recommendations,
        notifications,
        notifications.events,
        notifications.feedback,
        notifier,
        mails,
        mails.dead_letters,
    )

    return {
        "url": edge.url,
        "domain_target": edge.domain_target,
        "issuer": auth.issuer,
        "client_id": auth.client_id,
        "directory_id": auth.directory_id,
        "stripe_secret": stripe.secret_id,
        "stripe_webhook_url": stripe.webhook_url(edge.url),
    }
