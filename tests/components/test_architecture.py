"""The 25 functions, the engines that can play them, and what happens when one asks for a service that is gone."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from components.architecture import (
    FUNCTIONS,
    Cell,
    ClosedEngine,
    Engine,
    EngineError,
    Function,
    Lane,
    RetiredEngine,
    UnknownCloud,
    UnknownEngine,
    UnknownFunction,
    choose,
    engines,
    function,
)
from components.architecture.lifecycle import Lifecycle, Status, closed, retired
from components.architecture.table import render
from components.clouds import CLOUDS

CHECKED = date(2026, 11, 22)
ROOT = Path(__file__).resolve().parents[2]

MAPPING = """\
cdn | CDN / Static Assets | Amazon CloudFront | Azure Front Door Premium | Cloud CDN
waf | WAF / DDoS | AWS WAF + Shield | Azure WAF + DDoS Protection | Cloud Armor
api-gateway | API Gateway | Amazon API Gateway | Azure API Management | Cloud Endpoints
auth | Auth / Roles | Amazon Cognito | Azure AD B2C | Firebase Auth
catalog-service | Catalog Service | Amazon ECS Fargate | Azure Container Apps | Cloud Run
checkout-service | Checkout Service | Amazon ECS Fargate | Azure Container Apps | Cloud Run
seller-service | Seller Service | Amazon ECS Fargate | Azure Container Apps | Cloud Run
dispute-service | Dispute / Admin Service | Amazon ECS Fargate | Azure Container Apps | Cloud Run
order-processor | Order Processor | AWS Lambda | Azure Functions | Cloud Run
inventory-sync | Inventory Sync Worker | AWS Lambda | Azure Functions | Cloud Run
payment-webhook | Payment Webhook Handler | AWS Lambda | Azure Functions | Cloud Run
checkout-orchestration | Checkout Orchestration | AWS Step Functions | Azure Logic Apps | Google Cloud Workflows
catalog-database | Catalog Database | Amazon DynamoDB | Azure Cosmos DB | Cloud Firestore
order-database | Order Database | Amazon Aurora PostgreSQL | Azure PostgreSQL Flexible Server | Cloud SQL PostgreSQL
product-search | Product Search | Amazon OpenSearch Service | Azure AI Search | Vertex AI Search for Commerce
cart-cache | Cart / Session Cache | Amazon ElastiCache Redis | Azure Cache for Redis | Cloud Memorystore
product-images | Product Image Store | Amazon S3 | Azure Blob Storage | Cloud Storage
recommendations | Recommendations | Amazon Personalize | Azure Personalizer | Recommendations AI
fraud-detection | Fraud Detection ML | Amazon Fraud Detector | Azure Machine Learning | Vertex AI
payments | Payment / Splits | Stripe Connect | Stripe Connect | Stripe Connect
fulfillment-queue | Fulfillment Queue | Amazon SQS | Azure Service Bus | Cloud Pub/Sub
dead-letter-queue | Dead-Letter Queue | Amazon SQS DLQ | Service Bus Dead-letter | Pub/Sub Dead-letter Topic
notifications | Notifications | Amazon SNS + SES | Azure Communication Services | SendGrid (via Cloud Functions)
secrets-management | Secrets Management | AWS Secrets Manager | Azure Key Vault | GCP Secret Manager
observability | Observability | Amazon CloudWatch + X-Ray | Azure Monitor + App Insights | Cloud Monitoring + Logging
"""
ROWS = [tuple(line.split(" | ")) for line in MAPPING.splitlines()]

LANES = {
    Lane.CLIENT_EDGE: {"cdn", "waf", "api-gateway", "auth"},
    Lane.APPLICATION_COMPUTE: {
        "catalog-service",
        "checkout-service",
        "seller-service",
        "dispute-service",
        "order-processor",
        "inventory-sync",
        "payment-webhook",
        "payments",
    },
    Lane.DATA_STATE: {"catalog-database", "order-database", "product-search", "cart-cache", "product-images"},
    Lane.AI_ML: {"recommendations", "fraud-detection"},
    Lane.ASYNC_INTEGRATION: {"checkout-orchestration", "fulfillment-queue", "dead-letter-queue", "notifications"},
    Lane.SECURITY_OPERATIONS: {"secrets-management", "observability"},
}

CELLS = [pytest.param(id, cloud, id=f"{id}-{cloud}") for id in FUNCTIONS for cloud in CLOUDS]
ENGINES = [
    pytest.param(id, cloud, engine, id=f"{id}-{cloud}-{engine.id}")
    for id, row in FUNCTIONS.items()
    for cloud, cell in row.cells.items()
    for engine in cell.engines.values()
]

GONE = [
    ("fraud-detection", "aws", "fraud-detector", "sagemaker", ("2025-11-07", "docs.aws.amazon.com/frauddetector")),
    ("auth", "azure", "ad-b2c", "entra-external-id", ("2025-05-01", "learn.microsoft.com")),
    ("cart-cache", "azure", "cache-for-redis", "managed-redis", ("2026-04-01", "microsoft-azure-cache-for-redis")),
    ("recommendations", "azure", "personalizer", "machine-learning", ("2026-10-01", "learn.microsoft.com")),
    ("catalog-service", "aws", "app-runner", "ecs-fargate", ("2026-04-30", "terraform-provider-aws/issues")),
    ("notifications", "aws", "pinpoint", "sns-ses", ("2026-10-30", "aws.amazon.com/pinpoint")),
]


def test_the_functions_are_the_rows_of_the_mapping_table_in_its_order() -> None:
    written = [(row.id, row.title, *(row.cells[cloud].service for cloud in CLOUDS)) for row in FUNCTIONS.values()]
    assert written == ROWS
    assert len(written) == 25


def test_every_function_stands_in_its_lane_of_the_diagram() -> None:
    assert {lane: {row.id for row in FUNCTIONS.values() if row.lane is lane} for lane in Lane} == LANES


@pytest.mark.parametrize(("function_id", "cloud"), CELLS)
def test_every_default_engine_can_be_had(function_id: str, cloud: str) -> None:
    engine = choose(function_id, cloud, today=CHECKED)
    assert engine.lifecycle.on(CHECKED) in (Status.AVAILABLE, Status.RENAMED)


@pytest.mark.parametrize(("function_id", "cloud"), CELLS)
def test_the_default_is_the_named_service_unless_it_is_gone_or_a_reason_is_given(function_id: str, cloud: str) -> None:
    cell = function(function_id).cells[cloud]
    if cell.reason:
        assert cell.default.id == cell.preferred
    elif cell.named.lifecycle.status in (Status.CLOSED, Status.RETIRED):
        assert cell.default.id == cell.named.lifecycle.successor
    else:
        assert cell.default is cell.named


def test_only_the_known_cells_leave_the_named_service() -> None:
    departures = {
        (id, cloud, cell.default.id)
        for id, row in FUNCTIONS.items()
        for cloud, cell in row.cells.items()
        if cell.default is not cell.named
    }
    assert departures == {
        ("auth", "azure", "entra-external-id"),
        ("cart-cache", "aws", "elasticache-valkey"),
        ("cart-cache", "azure", "managed-redis"),
        ("cart-cache", "gcp", "memorystore-valkey"),
        ("fraud-detection", "aws", "sagemaker"),
        ("recommendations", "aws", "own-ranking"),
        ("recommendations", "azure", "machine-learning"),
    }


@pytest.mark.parametrize(("function_id", "cloud", "engine"), ENGINES)
def test_every_engine_says_when_it_was_checked_and_by_which_page(function_id: str, cloud: str, engine: Engine) -> None:
    life = engine.lifecycle
    assert life.as_of == CHECKED
    assert life.source.startswith("https://")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", engine.id)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_an_engine_id_means_one_service_on_a_cloud(cloud: str) -> None:
    cells = [row.cells[cloud] for row in FUNCTIONS.values()]
    listed = {engine for cell in cells for engine in (cell.named, *cell.others)}
    assert len({engine.id for engine in listed}) == len(listed)
    assert len({engine.title for engine in listed}) == len(listed)


@pytest.mark.parametrize(("function_id", "cloud", "engine", "successor", "facts"), GONE)
def test_a_service_that_is_gone_is_refused_with_date_source_and_successor(
    function_id: str, cloud: str, engine: str, successor: str, facts: tuple[str, str]
) -> None:
    with pytest.raises((ClosedEngine, RetiredEngine)) as refused:
        choose(function_id, cloud, engine, today=CHECKED)
    for fact in (*facts, f"as of {CHECKED}", "https://"):
        assert fact in refused.value.message
    assert repr(successor) in refused.value.next_step
    assert choose(function_id, cloud, successor, today=CHECKED).id == successor


@pytest.mark.parametrize(
    ("function_id", "cloud", "engine"),
    [
        ("fraud-detection", "aws", "fraud-detector"),
        ("auth", "azure", "ad-b2c"),
        ("cart-cache", "azure", "cache-for-redis"),
    ],
)
def test_an_existing_customer_may_keep_a_closed_service(function_id: str, cloud: str, engine: str) -> None:
    with pytest.raises(ClosedEngine, match="allow_closed"):
        choose(function_id, cloud, engine, today=CHECKED)
    assert choose(function_id, cloud, engine, allow_closed=True, today=CHECKED).id == engine


@pytest.mark.parametrize(
    ("function_id", "cloud", "engine"),
    [("recommendations", "azure", "personalizer"), ("notifications", "aws", "pinpoint")],
)
def test_nobody_may_keep_a_retired_service(function_id: str, cloud: str, engine: str) -> None:
    with pytest.raises(RetiredEngine) as refused:
        choose(function_id, cloud, engine, allow_closed=True, today=CHECKED)
    assert "allow_closed" not in str(refused.value)


def test_a_closed_service_is_open_until_its_day_and_retired_from_its_last() -> None:
    def chosen(day: date) -> Engine:
        return choose("cart-cache", "azure", "cache-for-redis", allow_closed=True, today=day)

    assert choose("cart-cache", "azure", "cache-for-redis", today=date(2026, 3, 31)).id == "cache-for-redis"
    assert chosen(date(2028, 9, 29)).id == "cache-for-redis"
    with pytest.raises(RetiredEngine, match="2028-09-30"):
        chosen(date(2028, 9, 30))


def test_the_message_of_a_closed_service_tells_when_it_retires() -> None:
    with pytest.raises(ClosedEngine, match="It retires on 2028-09-30"):
        choose("cart-cache", "azure", "cache-for-redis", today=CHECKED)


def test_today_is_the_current_day_unless_told() -> None:
    with pytest.raises(ClosedEngine):
        choose("fraud-detection", "aws", "fraud-detector")
    assert choose("order-database", "aws").id == "aurora-postgresql"


@pytest.mark.parametrize(
    ("function_id", "engine", "new_name"),
    [
        ("fraud-detection", "vertex-ai", "Gemini Enterprise Agent Platform"),
        ("recommendations", "recommendations-ai", "Recommendations from Agent Search"),
        ("product-search", "vertex-ai-search-commerce", "AI Commerce Search"),
    ],
)
def test_a_renamed_service_keeps_working_under_its_old_name(function_id: str, engine: str, new_name: str) -> None:
    chosen = choose(function_id, "gcp", engine, today=CHECKED)
    assert chosen.lifecycle.status is Status.RENAMED
    assert new_name in (chosen.lifecycle.renamed_to or "")


def test_an_unknown_engine_is_refused_with_the_choices() -> None:
    with pytest.raises(UnknownEngine) as refused:
        choose("fraud-detection", "aws", "frauddetector")
    assert "'frauddetector'" in str(refused.value)
    assert refused.value.next_step == "Choose one of: fraud-detector, sagemaker."


def test_an_engine_of_another_cloud_is_unknown() -> None:
    with pytest.raises(UnknownEngine, match="on Azure"):
        choose("order-database", "azure", "aurora-postgresql")


def test_an_unknown_function_or_cloud_is_refused_with_the_choices() -> None:
    with pytest.raises(UnknownFunction, match=r"orders-database.*order-database"):
        choose("orders-database", "aws")
    for ask in (lambda: choose("order-database", "oracle"), lambda: engines("oracle")):
        with pytest.raises(UnknownCloud, match=r"oracle.*aws, azure, gcp"):
            ask()


def test_every_refusal_is_one_kind_of_error_with_a_next_step() -> None:
    with pytest.raises(EngineError) as refused:
        choose("auth", "azure", "okta")
    assert str(refused.value) == f"{refused.value.message} {refused.value.next_step}"


def test_a_default_that_closes_later_is_refused_and_not_replaced_under_a_deployed_stack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The recorded status decides the default; the clock may only refuse it."""
    closing = Lifecycle(
        status=Status.AVAILABLE,
        as_of=CHECKED,
        source="https://example.com/closing",
        closed_on=date(2027, 2, 1),
        successor="next",
    )
    cell = Cell(named=_engine("closing", closing), others=(_engine("next", _open()),))
    row = Function(id="auth", title="Auth", lane=Lane.CLIENT_EDGE, cells={"aws": cell})
    monkeypatch.setattr("components.architecture.choice.FUNCTIONS", {"auth": row})

    assert choose("auth", "aws", today=date(2027, 1, 31)).id == "closing"
    with pytest.raises(ClosedEngine, match="2027-02-01"):
        choose("auth", "aws", today=date(2027, 2, 1))
    assert choose("auth", "aws", allow_closed=True, today=date(2027, 2, 1)).id == "closing"


@pytest.mark.parametrize("successor", ["gone", "closed", "absent"])
def test_a_successor_must_be_an_open_engine_of_the_same_cell(successor: str) -> None:
    gone = retired(CHECKED, "https://example.com/1", retires_on=date(2020, 1, 1), successor=successor)
    shut = closed(CHECKED, "https://example.com/2", closed_on=date(2024, 1, 1), successor="gone")
    with pytest.raises(ValueError, match=f"'{successor}' is not an open engine"):
        Cell(named=_engine("gone", gone), others=(_engine("closed", shut), _engine("open", _open())))


def test_a_lifecycle_cannot_contradict_its_own_dates() -> None:
    with pytest.raises(ValueError, match="contradicts"):
        Lifecycle(status=Status.AVAILABLE, as_of=CHECKED, source="https://example.com", closed_on=date(2020, 1, 1))
    with pytest.raises(ValueError, match="contradicts"):
        closed(CHECKED, "https://example.com", closed_on=date(2030, 1, 1), successor="other")
    with pytest.raises(ValueError, match="needs a successor"):
        Lifecycle(status=Status.AVAILABLE, as_of=CHECKED, source="https://example.com", retires_on=date(2030, 1, 1))


def test_a_preferred_engine_needs_its_reason_and_a_place_in_the_cell() -> None:
    with pytest.raises(ValueError, match="reason"):
        Cell(named=_engine("a", _open()), others=(_engine("b", _open()),), preferred="b")
    with pytest.raises(ValueError, match="'c' is not an open engine"):
        Cell(named=_engine("a", _open()), others=(_engine("b", _open()),), preferred="c", reason="cheaper")


def test_a_cell_has_no_two_engines_of_one_id() -> None:
    with pytest.raises(ValueError, match="one id"):
        Cell(named=_engine("a", _open()), others=(_engine("a", _open()),))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_component_deploys_an_engine_that_can_be_had_on_its_cloud(cloud: str) -> None:
    components = ROOT / "components"
    sources = [*components.glob(f"*/{cloud}.py"), *components.glob(f"*/{cloud}/__init__.py")]
    named = {(path, engine) for path in sources for engine in _class_constants(path, "ENGINE")}
    known = engines(cloud)
    assert [(path, engine) for path, engine in sorted(named) if engine not in known] == []
    for _, engine in named:
        assert known[engine].lifecycle.on(CHECKED) in (Status.AVAILABLE, Status.RENAMED)


def test_every_component_plays_a_function_of_the_architecture() -> None:
    sources = (path for path in (ROOT / "components").glob("*/*.py") if path.parent.name != "architecture")
    played = {(path.parent.name, id) for path in sources for id in _class_constants(path, "FUNCTION")}
    assert [(folder, id) for folder, id in sorted(played) if id not in FUNCTIONS] == []


def test_reading_the_architecture_imports_no_cloud_sdk_and_no_pulumi() -> None:
    probe = "import sys, components.architecture; print(*(m for m in sys.modules if m.startswith('pulumi')))"
    result = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_the_providers_page_is_fresh() -> None:
    page = (ROOT / "docs" / "providers.md").read_text(encoding="utf-8")
    assert page == render(), "run: python -m components.architecture > docs/providers.md"


def test_the_providers_page_shows_every_engine_and_every_source() -> None:
    page = render()
    for row in FUNCTIONS.values():
        assert f"{row.title} (`{row.id}`)" in page
        for cell in row.cells.values():
            for engine in cell.engines.values():
                assert f"`{engine.id}`" in page
                assert engine.lifecycle.source in page


def _class_constants(path: Path, name: str) -> list[str]:
    """Values of `name = "..."` in the bodies of a module's classes, read without importing the cloud's SDK."""
    classes = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)]
    return [
        line.value.value
        for line in (line for node in classes for line in node.body)
        if isinstance(line, ast.Assign)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
        and any(isinstance(target, ast.Name) and target.id == name for target in line.targets)
    ]


def _engine(id: str, lifecycle: Lifecycle) -> Engine:
    return Engine(id=id, title=id.title(), lifecycle=lifecycle)


def _open() -> Lifecycle:
    return Lifecycle(status=Status.AVAILABLE, as_of=CHECKED, source="https://example.com/open")
