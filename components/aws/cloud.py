"""AWS's class for each contract."""

from __future__ import annotations

from typing import Final

from components.account.aws import Account
from components.api_gateway.aws import ApiGateway
from components.auth.aws import Auth
from components.aws.foundation import AwsFoundation, foundation
from components.aws.settings import AwsSettings
from components.cart_cache.aws import CartCache
from components.catalog_database.aws import CatalogDatabase
from components.cdn.aws import Cdn
from components.checkout_orchestration.aws import CheckoutOrchestration
from components.cloud import Cloud
from components.container_cluster.aws import ContainerCluster
from components.container_service.aws import ContainerService
from components.dead_letter_queue.aws import DeadLetterQueue
from components.delivery.aws import Delivery
from components.edge_key.aws import EdgeKey
from components.event_function.aws import EventFunction
from components.event_queue.aws import EventQueue
from components.fraud_detection.aws import FraudDetection
from components.fulfillment_queue.aws import FulfillmentQueue
from components.image_registry.aws import ImageRegistry
from components.network.aws import Network
from components.notifications.aws import Notifications
from components.observability.aws import Observability
from components.order_database.aws import OrderDatabase
from components.payments.aws import Payments
from components.product_images.aws import ProductImages
from components.product_search.aws import ProductSearch
from components.recommendations.aws import Recommendations
from components.secrets_management.aws import Secrets
from components.waf.aws import Waf

CLOUD: Final[Cloud[AwsSettings, AwsFoundation]] = Cloud(
    foundation=foundation,
    Account=Account,
    ApiGateway=ApiGateway,
    Auth=Auth,
    CartCache=CartCache,
    CatalogDatabase=CatalogDatabase,
    Cdn=Cdn,
    CheckoutOrchestration=CheckoutOrchestration,
    ContainerCluster=ContainerCluster,
    ContainerService=ContainerService,
    Delivery=Delivery,
    DeadLetterQueue=DeadLetterQueue,
    EdgeKey=EdgeKey,
    EventFunction=EventFunction,
    FraudDetection=FraudDetection,
    EventQueue=EventQueue,
    FulfillmentQueue=FulfillmentQueue,
    ImageRegistry=ImageRegistry,
    Network=Network,
    Notifications=Notifications,
    Observability=Observability,
    OrderDatabase=OrderDatabase,
    Payments=Payments,
    ProductImages=ProductImages,
    Recommendations=Recommendations,
    ProductSearch=ProductSearch,
    Secrets=Secrets,
    Waf=Waf,
)
