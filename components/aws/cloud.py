"""AWS's class for each contract."""

from __future__ import annotations

from components.api_gateway.aws import ApiGateway
from components.auth.aws import Auth
from components.aws.foundation import foundation
from components.aws.image import image
from components.cart_cache.aws import CartCache
from components.catalog_database.aws import CatalogDatabase
from components.checkout_orchestration.aws import CheckoutOrchestration
from components.cloud import Cloud
from components.container_cluster.aws import ContainerCluster
from components.container_service.aws import ContainerService
from components.event_function.aws import EventFunction
from components.fulfillment_queue.aws import FulfillmentQueue
from components.migrations.aws import Migrations
from components.network.aws import Network
from components.observability.aws import Observability
from components.order_database.aws import OrderDatabase
from components.payments.aws import Payments
from components.secrets_management.aws import Secrets

CLOUD = Cloud(
    foundation=foundation,
    image=image,
    ApiGateway=ApiGateway,
    Auth=Auth,
    CartCache=CartCache,
    CatalogDatabase=CatalogDatabase,
    CheckoutOrchestration=CheckoutOrchestration,
    ContainerCluster=ContainerCluster,
    ContainerService=ContainerService,
    EventFunction=EventFunction,
    FulfillmentQueue=FulfillmentQueue,
    Migrations=Migrations,
    Network=Network,
    Observability=Observability,
    OrderDatabase=OrderDatabase,
    Payments=Payments,
    Secrets=Secrets,
)
