"""The components of one cloud, chosen by setting.

Choosing a cloud imports its components and its Pulumi SDK, and no other's.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from components.api_gateway import ApiGateway
from components.auth import Auth
from components.cart_cache import CartCache
from components.catalog_database import CatalogDatabase
from components.checkout_orchestration import CheckoutOrchestration
from components.container_cluster import ContainerCluster
from components.container_service import ContainerService
from components.errors import CloudNotAvailable
from components.event_function import EventFunction
from components.foundation import Foundation
from components.fulfillment_queue import FulfillmentQueue
from components.image import Image
from components.migrations import Migrations
from components.network import Network
from components.observability import Observability
from components.order_database import OrderDatabase
from components.payments import Payments
from components.secrets_management import Secrets


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One cloud's class for each contract. Each is called with a name, the foundation and its `Args`."""

    foundation: Callable[..., Foundation]
    """Makes the explicit provider that every component is given, and knows the account behind it."""
    image: Callable[[str, Any], Image]
    """The image of this address; raises where the cloud's workloads could not pull it."""
    ApiGateway: Callable[..., ApiGateway]
    Auth: Callable[..., Auth]
    CartCache: Callable[..., CartCache]
    CatalogDatabase: Callable[..., CatalogDatabase]
    CheckoutOrchestration: Callable[..., CheckoutOrchestration]
    ContainerCluster: Callable[..., ContainerCluster]
    ContainerService: Callable[..., ContainerService]
    EventFunction: Callable[..., EventFunction]
    FulfillmentQueue: Callable[..., FulfillmentQueue]
    Migrations: Callable[..., Migrations]
    Network: Callable[..., Network]
    Observability: Callable[..., Observability]
    OrderDatabase: Callable[..., OrderDatabase]
    Payments: Callable[..., Payments]
    Secrets: Callable[..., Secrets]


MODULES: Final = MappingProxyType({"aws": "components.aws.cloud"})
"""Where each cloud's `CLOUD` is."""


def load(cloud: str) -> Cloud:
    """Imports the components of `cloud`; raises `CloudNotAvailable` where there are none."""
    if cloud not in MODULES:
        raise CloudNotAvailable(cloud, tuple(MODULES))
    chosen: Cloud = importlib.import_module(MODULES[cloud]).CLOUD
    return chosen
