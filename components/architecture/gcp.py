"""The Google Cloud column of the mapping table, checked on 2026-11-22.

Google renamed much of its AI family in 2026; the APIs stayed, so the names of the mapping table keep
working and carry the status "renamed".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from components.architecture.lifecycle import Lifecycle, available, renamed
from components.architecture.model import Cell, Engine
from components.architecture.stripe import PAYMENTS

_CHECKED = date(2026, 11, 22)
_DOCS = "https://docs.cloud.google.com"
_NAME_CHANGES = f"{_DOCS}/gemini-enterprise-agent-platform/vertex-ai-name-changes"


def _open(path: str, note: str = "") -> Lifecycle:
    return available(_CHECKED, f"{_DOCS}/{path}", f"No closure found. {note}".strip())


CLOUD_CDN = Engine(id="cloud-cdn", title="Cloud CDN", lifecycle=_open("cdn/docs"))
CLOUD_ARMOR = Engine(
    id="cloud-armor",
    title="Cloud Armor",
    lifecycle=_open("armor/docs", "Standard tier; Enterprise is a paid commitment and opt-in."),
)
CLOUD_ENDPOINTS = Engine(
    id="cloud-endpoints",
    title="Cloud Endpoints",
    lifecycle=available(
        _CHECKED,
        f"{_DOCS}/endpoints/docs/deprecations",
        "Not deprecated: the deprecations page has no open entry.",
    ),
)
API_GATEWAY = Engine(
    id="api-gateway",
    title="Google Cloud API Gateway",
    lifecycle=_open(
        "api-gateway/docs/gateway-load-balancing",
        "Its own address cannot be closed, so Cloud Armor in front of it can be walked around.",
    ),
)
FIREBASE_AUTH = Engine(
    id="firebase-auth",
    title="Firebase Auth",
    lifecycle=available(_CHECKED, "https://firebase.google.com/docs/auth", "No closure found."),
)
CLOUD_RUN = Engine(id="cloud-run", title="Cloud Run", lifecycle=_open("run/docs"))
WORKFLOWS = Engine(id="workflows", title="Google Cloud Workflows", lifecycle=_open("workflows/docs"))
FIRESTORE = Engine(
    id="firestore",
    title="Cloud Firestore",
    lifecycle=available(_CHECKED, "https://cloud.google.com/firestore/docs", "No closure found."),
)
CLOUD_SQL = Engine(
    id="cloud-sql-postgresql",
    title="Cloud SQL PostgreSQL",
    lifecycle=_open("sql/docs/postgres"),
)
COMMERCE_SEARCH = Engine(
    id="vertex-ai-search-commerce",
    title="Vertex AI Search for Commerce",
    lifecycle=renamed(
        _CHECKED,
        _NAME_CHANGES,
        renamed_to="AI Commerce Search (Gemini Enterprise for Customer Experience)",
        note="Same Retail API.",
    ),
)
MEMORYSTORE_REDIS = Engine(
    id="memorystore-redis",
    title="Cloud Memorystore",
    lifecycle=_open("memorystore/docs/redis", "Memorystore for Redis. Memcached, a sibling, shuts down on 2029-01-31."),
)
MEMORYSTORE_VALKEY = Engine(
    id="memorystore-valkey",
    title="Memorystore for Valkey",
    lifecycle=_open("memorystore/docs/valkey/product-overview"),
)
CLOUD_STORAGE = Engine(id="cloud-storage", title="Cloud Storage", lifecycle=_open("storage/docs"))
RECOMMENDATIONS_AI = Engine(
    id="recommendations-ai",
    title="Recommendations AI",
    lifecycle=renamed(
        _CHECKED,
        _NAME_CHANGES,
        renamed_to="Recommendations from Agent Search",
        note="Same Retail API.",
    ),
)
VERTEX_AI = Engine(
    id="vertex-ai",
    title="Vertex AI",
    lifecycle=renamed(
        _CHECKED,
        _NAME_CHANGES,
        renamed_to="Gemini Enterprise Agent Platform",
        note="The API host stays aiplatform.googleapis.com.",
    ),
)
PUB_SUB = Engine(id="pub-sub", title="Cloud Pub/Sub", lifecycle=_open("pubsub/docs"))
PUB_SUB_DEAD_LETTER = Engine(
    id="pub-sub-dead-letter",
    title="Pub/Sub Dead-letter Topic",
    lifecycle=_open("pubsub/docs/dead-letter-topics"),
)
SENDGRID = Engine(
    id="sendgrid",
    title="SendGrid (via Cloud Functions)",
    lifecycle=available(
        _CHECKED,
        "https://support.sendgrid.com/hc/en-us/articles/35270136965403",
        "Needs a paid plan: since 2025-03-25 a new account sends for a 60-day trial only.",
    ),
)
SECRET_MANAGER = Engine(id="secret-manager", title="GCP Secret Manager", lifecycle=_open("secret-manager/docs"))
CLOUD_MONITORING = Engine(
    id="cloud-monitoring-logging",
    title="Cloud Monitoring + Logging",
    lifecycle=_open("monitoring/docs"),
)

_RUN = Cell(named=CLOUD_RUN)

CELLS: Final[Mapping[str, Cell]] = MappingProxyType(
    {
        "cdn": Cell(named=CLOUD_CDN),
        "waf": Cell(named=CLOUD_ARMOR),
        "api-gateway": Cell(named=CLOUD_ENDPOINTS, others=(API_GATEWAY,)),
        "auth": Cell(named=FIREBASE_AUTH),
        "catalog-service": _RUN,
        "checkout-service": _RUN,
        "seller-service": _RUN,
        "dispute-service": _RUN,
        "order-processor": _RUN,
        "inventory-sync": _RUN,
        "payment-webhook": _RUN,
        "checkout-orchestration": Cell(named=WORKFLOWS),
        "catalog-database": Cell(named=FIRESTORE),
        "order-database": Cell(named=CLOUD_SQL),
        "product-search": Cell(named=COMMERCE_SEARCH),
        "cart-cache": Cell(
            named=MEMORYSTORE_REDIS,
            others=(MEMORYSTORE_VALKEY,),
            preferred="memorystore-valkey",
            reason="The named service is Memorystore, with Redis and Valkey as its engines. Valkey answers the same "
            "protocol, authenticates by IAM, and keeps the marketplace on the engine it has on AWS.",
        ),
        "product-images": Cell(named=CLOUD_STORAGE),
        "recommendations": Cell(named=RECOMMENDATIONS_AI),
        "fraud-detection": Cell(named=VERTEX_AI, others=(CLOUD_RUN,)),
        "payments": PAYMENTS,
        "fulfillment-queue": Cell(named=PUB_SUB),
        "dead-letter-queue": Cell(named=PUB_SUB_DEAD_LETTER),
        "notifications": Cell(named=SENDGRID),
        "secrets-management": Cell(named=SECRET_MANAGER),
        "observability": Cell(named=CLOUD_MONITORING),
    }
)
"""The cell of each function, by function id."""
