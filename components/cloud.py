"""The components of one cloud, chosen by setting.

Choosing a cloud imports its components and its Pulumi SDK, and no other's.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, Literal, Protocol, TypeVar

import pulumi

from components.account import Account, AccountArgs
from components.api_gateway import ApiGateway, ApiGatewayArgs
from components.auth import Auth, AuthArgs
from components.cart_cache import CartCache, CartCacheArgs
from components.catalog_database import CatalogDatabase, CatalogDatabaseArgs
from components.cdn import Cdn, CdnArgs
from components.checkout_orchestration import CheckoutOrchestration, CheckoutOrchestrationArgs
from components.cloud_settings import CloudSettings
from components.clouds import AVAILABLE, CLOUDS
from components.container_cluster import ContainerCluster, ContainerClusterArgs
from components.container_service import ContainerService, ContainerServiceArgs
from components.dead_letter_queue import DeadLetterQueue, DeadLetterQueueArgs
from components.delivery import Delivery, DeliveryArgs
from components.edge_key import EdgeKey, EdgeKeyArgs
from components.errors import CloudNotAvailable
from components.event_function import EventFunction, EventFunctionArgs
from components.event_queue import EventQueue, EventQueueArgs
from components.foundation import Engines, Foundation
from components.fraud_detection import FraudDetection, FraudDetectionArgs
from components.fulfillment_queue import FulfillmentQueue, FulfillmentQueueArgs
from components.image_registry import ImageRegistry, ImageRegistryArgs
from components.network import Network, NetworkArgs
from components.notifications import Notifications, NotificationsArgs
from components.observability import Observability, ObservabilityArgs
from components.order_database import OrderDatabase, OrderDatabaseArgs
from components.payments import Payments, PaymentsArgs
from components.product_images import ProductImages, ProductImagesArgs
from components.product_search import ProductSearch, ProductSearchArgs
from components.profile import Profile
from components.recommendations import Recommendations, RecommendationsArgs
from components.secrets_management import Secrets, SecretsArgs
from components.waf import Waf, WafArgs
from components.workload import Handler, Service

S_contra = TypeVar("S_contra", bound=CloudSettings, contravariant=True)
F = TypeVar("F", bound=Foundation)
F_co = TypeVar("F_co", bound=Foundation, covariant=True)
F_contra = TypeVar("F_contra", bound=Foundation, contravariant=True)
A_contra = TypeVar("A_contra", contravariant=True)
C_co = TypeVar("C_co", covariant=True)


class Constructor(Protocol[F_contra, A_contra, C_co]):
    """A component's class: called with a name, the foundation and the component's own arguments."""

    def __call__(
        self, name: str, foundation: F_contra, args: A_contra, opts: pulumi.ResourceOptions | None = None
    ) -> C_co: ...


class FoundationMaker(Protocol[S_contra, F_co]):
    """Makes the explicit provider that every component is given, and knows the account behind it."""

    def __call__(
        self,
        settings: S_contra,
        *,
        prefix: str,
        profile: Profile,
        tags: Mapping[str, str],
        engines: Engines,
        boundary: pulumi.Output[str] | None = None,
    ) -> F_co:
        """`boundary` is the most that any workload of the stack may do, by the id that a baseline gives it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Cloud(Generic[S_contra, F]):
    """One cloud's class for each contract."""

    foundation: FoundationMaker[S_contra, F]
    Account: Constructor[F, AccountArgs, Account]
    ApiGateway: Constructor[F, ApiGatewayArgs, ApiGateway]
    Auth: Constructor[F, AuthArgs, Auth]
    CartCache: Constructor[F, CartCacheArgs, CartCache]
    CatalogDatabase: Constructor[F, CatalogDatabaseArgs, CatalogDatabase]
    Cdn: Constructor[F, CdnArgs, Cdn]
    CheckoutOrchestration: Constructor[F, CheckoutOrchestrationArgs, CheckoutOrchestration]
    ContainerCluster: Constructor[F, ContainerClusterArgs, ContainerCluster]
    ContainerService: Constructor[F, ContainerServiceArgs, ContainerService]
    Delivery: Constructor[F, DeliveryArgs, Delivery]
    DeadLetterQueue: Constructor[F, DeadLetterQueueArgs, DeadLetterQueue]
    EdgeKey: Constructor[F, EdgeKeyArgs, EdgeKey]
    EventFunction: Constructor[F, EventFunctionArgs, EventFunction]
    FraudDetection: Constructor[F, FraudDetectionArgs, FraudDetection]
    EventQueue: Constructor[F, EventQueueArgs, EventQueue]
    FulfillmentQueue: Constructor[F, FulfillmentQueueArgs, FulfillmentQueue]
    ImageRegistry: Constructor[F, ImageRegistryArgs, ImageRegistry]
    Network: Constructor[F, NetworkArgs, Network]
    Notifications: Constructor[F, NotificationsArgs, Notifications]
    Observability: Constructor[F, ObservabilityArgs, Observability]
    OrderDatabase: Constructor[F, OrderDatabaseArgs, OrderDatabase]
    Payments: Constructor[F, PaymentsArgs, Payments]
    ProductImages: Constructor[F, ProductImagesArgs, ProductImages]
    Recommendations: Constructor[F, RecommendationsArgs, Recommendations]
    ProductSearch: Constructor[F, ProductSearchArgs, ProductSearch]
    Secrets: Constructor[F, SecretsArgs, Secrets]
    Waf: Constructor[F, WafArgs, Waf]

    def deployed(self, services: Iterable[Service], handlers: Iterable[Handler]) -> dict[str, str]:
        """Engine by function: of these workloads, and of the components that play a function of their own."""
        classes = [getattr(self, entry.name) for entry in fields(self)]
        engine_of = {one.__name__: one.ENGINE for one in classes if getattr(one, "ENGINE", None)}
        return {
            **{service.function: engine_of["ContainerService"] for service in services},
            **{handler.function: engine_of["EventFunction"] for handler in handlers},
            # A component's own engine counts: the handler of the migrations only supports the order database.
            **{one.FUNCTION: one.ENGINE for one in classes if getattr(one, "FUNCTION", None)},
        }


def load(cloud: str) -> Cloud[Any, Any]:
    """Imports the components of `cloud`; raises `CloudNotAvailable` where there are none."""
    chosen: Cloud[Any, Any] = _imported(cloud, "components")
    return chosen


def settings_of(cloud: str) -> type[CloudSettings]:
    """The class of the settings that only `cloud` has; raises `CloudNotAvailable` where there are no components."""
    section: type[CloudSettings] = _imported(cloud, "settings")
    return section


def _imported(cloud: str, attribute: Literal["components", "settings"]) -> Any:
    reference: str | None = getattr(CLOUDS.get(cloud), attribute, None)
    if reference is None:
        raise CloudNotAvailable(cloud, AVAILABLE)
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)
