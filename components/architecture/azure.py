"""The Azure column of the mapping table, checked on 2026-11-22.

Where Microsoft's end-of-life list (github.com/Azure/EOL, `service_list.json`, snapshot of 2025-12-18)
names no closure, the source is the service's own documentation and the note says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from components.architecture.lifecycle import Lifecycle, available, closed, retired
from components.architecture.model import Cell, Engine
from components.architecture.stripe import PAYMENTS

_CHECKED = date(2026, 11, 22)
_DOCS = "https://learn.microsoft.com"
_NOT_LISTED = "No closure found in the Azure/EOL list of 2025-12-18."


def _open(path: str, note: str = "") -> Lifecycle:
    return available(_CHECKED, f"{_DOCS}/{path}", f"{_NOT_LISTED} {note}".strip())


FRONT_DOOR = Engine(
    id="front-door-premium",
    title="Azure Front Door Premium",
    lifecycle=_open(
        "azure/frontdoor/origin-security",
        "Front Door (classic), another resource type, retires on 2027-03-31.",
    ),
)
WAF_DDOS = Engine(
    id="waf-ddos-protection",
    title="Azure WAF + DDoS Protection",
    lifecycle=_open(
        "en-US/azure/frontdoor/front-door-ddos",
        "Front Door includes the platform's DDoS defense; a DDoS Protection plan is a paid opt-in.",
    ),
)
API_MANAGEMENT = Engine(
    id="api-management",
    title="Azure API Management",
    lifecycle=_open("azure/api-management/", "Its built-in analytics retire on 2027-03-31."),
)
AD_B2C = Engine(
    id="ad-b2c",
    title="Azure AD B2C",
    lifecycle=closed(
        _CHECKED,
        "https://learn.microsoft.com/en-us/aspnet/core/security/authentication/azure-ad-b2c",
        closed_on=date(2025, 5, 1),
        successor="entra-external-id",
        note="Existing tenants are supported until at least May 2030.",
    ),
)
EXTERNAL_ID = Engine(
    id="entra-external-id",
    title="Microsoft Entra External ID",
    lifecycle=_open("entra/external-id/"),
)
CONTAINER_APPS = Engine(
    id="container-apps",
    title="Azure Container Apps",
    lifecycle=_open("azure/container-apps/"),
)
FUNCTIONS = Engine(
    id="functions",
    title="Azure Functions",
    lifecycle=_open(
        "en-us/azure/azure-functions/functions-versions",
        "On the Flex Consumption plan: Linux Consumption is frozen and retires on 2028-09-30.",
    ),
)
LOGIC_APPS = Engine(id="logic-apps", title="Azure Logic Apps", lifecycle=_open("azure/logic-apps/"))
COSMOS_DB = Engine(id="cosmos-db", title="Azure Cosmos DB", lifecycle=_open("azure/cosmos-db/"))
POSTGRESQL = Engine(
    id="postgresql-flexible-server",
    title="Azure PostgreSQL Flexible Server",
    lifecycle=_open("azure/postgresql/"),
)
AI_SEARCH = Engine(id="ai-search", title="Azure AI Search", lifecycle=_open("azure/search/"))
CACHE_FOR_REDIS = Engine(
    id="cache-for-redis",
    title="Azure Cache for Redis",
    lifecycle=closed(
        _CHECKED,
        "https://raw.githubusercontent.com/api-evangelist/microsoft-azure-cache-for-redis/refs/heads/main/"
        "changelog/microsoft-azure-cache-for-redis-changelog.yml",
        closed_on=date(2026, 4, 1),
        retires_on=date(2028, 9, 30),
        successor="managed-redis",
        note="Creation is left to tenants that had a cache before 2026-04-01. The source is a digest of Microsoft's "
        "own change log; its dates agree with the Azure/EOL list. The Enterprise tiers retire on 2027-03-31.",
    ),
)
MANAGED_REDIS = Engine(
    id="managed-redis",
    title="Azure Managed Redis",
    lifecycle=_open("azure/redis/", "Port 10000 and another host suffix than Azure Cache for Redis."),
)
BLOB_STORAGE = Engine(
    id="blob-storage",
    title="Azure Blob Storage",
    lifecycle=_open("azure/storage/blobs/", "Account kind StorageV2: the older kinds retired on 2026-09-01."),
)
PERSONALIZER = Engine(
    id="personalizer",
    title="Azure Personalizer",
    lifecycle=retired(
        _CHECKED,
        "https://learn.microsoft.com/azure/ai-services/personalizer/",
        closed_on=date(2023, 9, 20),
        retires_on=date(2026, 10, 1),
        successor="machine-learning",
        note="Microsoft offers no equivalent: the successor is a ranking model of one's own.",
    ),
)
INTELLIGENT_RECOMMENDATIONS = Engine(
    id="intelligent-recommendations",
    title="Azure Intelligent Recommendations",
    lifecycle=retired(
        _CHECKED,
        "https://learn.microsoft.com/en-us/industry/retail/intelligent-recommendations/modeling-faq",
        retires_on=date(2026, 3, 31),
        successor="machine-learning",
        note="Microsoft offers no equivalent: the successor is a ranking model of one's own.",
    ),
)
MACHINE_LEARNING = Engine(
    id="machine-learning",
    title="Azure Machine Learning",
    lifecycle=_open("azure/machine-learning/", "Its SDK v1 retired on 2026-06-30."),
)
SERVICE_BUS = Engine(
    id="service-bus",
    title="Azure Service Bus",
    lifecycle=_open("azure/service-bus-messaging/", "AMQP only: SBMP and the old SDKs retired on 2026-09-30."),
)
SERVICE_BUS_DEAD_LETTER = Engine(
    id="service-bus-dead-letter",
    title="Service Bus Dead-letter",
    lifecycle=_open("azure/service-bus-messaging/service-bus-dead-letter-queues"),
)
COMMUNICATION_SERVICES = Engine(
    id="communication-services",
    title="Azure Communication Services",
    lifecycle=_open("azure/communication-services/"),
)
KEY_VAULT = Engine(id="key-vault", title="Azure Key Vault", lifecycle=_open("azure/key-vault/"))
MONITOR = Engine(
    id="monitor-app-insights",
    title="Azure Monitor + App Insights",
    lifecycle=_open("azure/azure-monitor/", "URL ping tests retired on 2026-09-30: use standard web tests."),
)

_CONTAINERS = Cell(named=CONTAINER_APPS)
_EVENTS = Cell(named=FUNCTIONS)

CELLS: Final[Mapping[str, Cell]] = MappingProxyType(
    {
        "cdn": Cell(named=FRONT_DOOR),
        "waf": Cell(named=WAF_DDOS),
        "api-gateway": Cell(named=API_MANAGEMENT),
        "auth": Cell(named=AD_B2C, others=(EXTERNAL_ID,)),
        "catalog-service": _CONTAINERS,
        "checkout-service": _CONTAINERS,
        "seller-service": _CONTAINERS,
        "dispute-service": _CONTAINERS,
        "order-processor": _EVENTS,
        "inventory-sync": _EVENTS,
        "payment-webhook": _EVENTS,
        "checkout-orchestration": Cell(named=LOGIC_APPS),
        "catalog-database": Cell(named=COSMOS_DB),
        "order-database": Cell(named=POSTGRESQL),
        "product-search": Cell(named=AI_SEARCH),
        "cart-cache": Cell(named=CACHE_FOR_REDIS, others=(MANAGED_REDIS,)),
        "product-images": Cell(named=BLOB_STORAGE),
        "recommendations": Cell(named=PERSONALIZER, others=(MACHINE_LEARNING, INTELLIGENT_RECOMMENDATIONS)),
        "fraud-detection": Cell(named=MACHINE_LEARNING),
        "payments": PAYMENTS,
        "fulfillment-queue": Cell(named=SERVICE_BUS),
        "dead-letter-queue": Cell(named=SERVICE_BUS_DEAD_LETTER),
        "notifications": Cell(named=COMMUNICATION_SERVICES),
        "secrets-management": Cell(named=KEY_VAULT),
        "observability": Cell(named=MONITOR),
    }
)
"""The cell of each function, by function id."""
