"""The stack as a whole: its arrows, its providers, its functions, and names that must not change unnoticed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from planned import Planned, Plans

from components.architecture import FUNCTIONS
from components.architecture.lifecycle import Status

URNS = Path(__file__).parent / "urns"

LINKS = {
    ("catalog", "reports", "observability"),
    ("checkout", "reports", "observability"),
    ("seller", "reports", "observability"),
    ("dispute", "reports", "observability"),
    ("edge-key-rotation", "rotates", "edge"),
    ("api", "routes", "catalog"),
    ("api", "routes", "checkout"),
    ("catalog", "verifies", "auth"),
    ("catalog", "reads-writes", "products"),
    ("catalog", "reads-writes", "orders"),
    ("catalog", "reads-writes", "images"),
    ("catalog", "reads-writes", "recommendations"),
    ("ranker", "reads-writes", "orders"),
    ("ranker", "reads", "products"),
    ("ranker", "reads-writes", "recommendations"),
    ("catalog", "queries", "search"),
    ("inventory-sync", "follows", "products"),
    ("inventory-sync", "consumes", "offer-changes"),
    ("inventory-sync", "reads", "products"),
    ("inventory-sync", "reads", "orders"),
    ("inventory-sync", "reads-writes", "carts"),
    ("inventory-sync", "indexes", "search"),
    ("inventory-sync", "publishes", "search-rejected"),
    ("checkout", "verifies", "auth"),
    ("checkout", "reads-writes", "orders"),
    ("checkout", "reads-writes", "carts"),
    ("checkout", "starts", "checkout-flow"),
    ("api", "routes", "dispute"),
    ("dispute", "verifies", "auth"),
    ("dispute", "reads-writes", "orders"),
    ("checkout", "publishes", "events"),
    ("checkout-saga", "reads-writes", "orders"),
    ("checkout-saga", "reads-writes", "carts"),
    ("checkout-saga", "reads-secret", "stripe"),
    ("checkout-saga", "infers", "fraud"),
    ("checkout-flow", "invokes", "checkout-saga"),
    ("checkout-flow", "publishes", "fulfillment"),
    ("catalog-import", "consumes", "images-imports"),
    ("catalog-import", "reads", "images"),
    ("catalog-import", "reads-writes", "products"),
    ("catalog-import", "reads-writes", "orders"),
    ("thumbnails", "consumes", "images-uploads"),
    ("thumbnails", "publishes", "images"),
    ("thumbnails", "reads-writes", "products"),
    ("order-processor", "consumes", "fulfillment"),
    ("order-processor", "reads-writes", "orders"),
    ("api", "routes", "seller"),
    ("seller", "verifies", "auth"),
    ("seller", "reads-writes", "orders"),
    ("seller", "reads-secret", "stripe"),
    ("api", "routes", "payment-webhook"),
    ("payment-webhook", "reads-writes", "orders"),
    ("payment-webhook", "reads-secret", "stripe"),
    ("payouts", "reads-writes", "orders"),
    ("payouts", "reads-secret", "stripe"),
    ("notifier", "consumes", "mails"),
    ("notifier", "reads-writes", "orders"),
    ("notifier", "reads", "auth"),
    ("notifier", "sends", "notifications"),
    ("migrations", "administers", "orders"),
}
PLAYED = {
    "cdn": "cloudfront",
    "waf": "waf-shield",
    "api-gateway": "api-gateway",
    "auth": "cognito",
    "catalog-service": "ecs-fargate",
    "checkout-service": "ecs-fargate",
    "product-search": "opensearch",
    "seller-service": "ecs-fargate",
    "dispute-service": "ecs-fargate",
    "inventory-sync": "lambda",
    "order-processor": "lambda",
    "payment-webhook": "lambda",
    "checkout-orchestration": "step-functions",
    "catalog-database": "dynamodb",
    "order-database": "aurora-postgresql",
    "cart-cache": "elasticache-valkey",
    "product-images": "s3",
    "fraud-detection": "sagemaker",
    "recommendations": "own-ranking",
    "payments": "stripe-connect",
    "fulfillment-queue": "sqs",
    "dead-letter-queue": "sqs-dlq",
    "notifications": "sns-ses",
    "secrets-management": "secrets-manager",
    "observability": "cloudwatch-xray",
}


def test_the_arrows_are_those_of_the_diagram(stack: Planned) -> None:
    assert {(link.source, link.access, link.target) for link in stack.plan.links} == LINKS


def test_each_function_is_played_by_the_architectures_default(stack: Planned) -> None:
    sleeping = {"product-search": "opensearch-serverless"} if stack.plan.stack == "dev" else {}
    assert {function.id: function.engine for function in stack.plan.functions} == PLAYED | sleeping
    for function, engine in PLAYED.items():
        default = FUNCTIONS[function].cells["aws"].default
        assert (default.id, default.lifecycle.status) == (engine, Status.AVAILABLE)


def test_a_plan_can_vouch_for_every_value(stack: Planned) -> None:
    assert list(stack.plan.findings) == []


def test_every_resource_carries_the_stacks_own_provider(stack: Planned) -> None:
    (provider,) = [r for r in stack.plan.resources if r.type == "pulumi:providers:aws"]
    resources = [r for r in stack.plan.resources if r.type.startswith("aws:")]
    assert {r.provider for r in resources} == {provider.urn}
    assert stack.readable(provider.inputs)["region"] == "us-east-1"


def test_every_resource_belongs_to_a_component_of_its_name(stack: Planned) -> None:
    for resource in stack.plan.resources:
        if not resource.type.startswith("aws:"):
            continue
        assert resource.parent
        component = stack.resources[resource.parent]
        assert component.type.startswith("marketplace:"), resource.urn
        named_after = component.name in resource.name or component.type.endswith(":Observability")
        assert named_after, f"{resource.name} in {component.name}"


def test_everything_is_tagged_with_its_stack(stack: Planned) -> None:
    (provider,) = [r for r in stack.plan.resources if r.type == "pulumi:providers:aws"]
    tags = stack.readable(provider.inputs)["defaultTags"]
    given = (json.loads(tags) if isinstance(tags, str) else tags)["tags"]
    assert (given["Project"], given["Stack"]) == ("marketplace", stack.plan.stack)


def test_the_stack_says_where_to_go_next(stack: Planned) -> None:
    assert stack.plan.outputs.keys() == {
        "client_id",
        "directory_id",
        "issuer",
        "stripe_secret",
        "stripe_webhook_url",
        "domain_target",
        "url",
    }


@pytest.mark.parametrize("name", ["prod", "dev", "staging", "baseline"])
def test_no_resource_changes_its_name_unnoticed(plans: Plans, name: str) -> None:
    """A URN that goes is a resource deleted, and for data that is a loss: give it an alias, then record it.

    `UPDATE_URNS=1 pytest tests/stacks` records the URNs as they are.
    """
    urns = "".join(f"{resource.urn}\n" for resource in sorted(plans.of(name).plan.resources, key=lambda r: r.urn))
    recorded = URNS / f"{name}.txt"
    if os.environ.get("UPDATE_URNS"):
        recorded.parent.mkdir(exist_ok=True)
        recorded.write_text(urns)
    assert urns == recorded.read_text()


def test_the_migrations_are_still_known_by_the_names_they_had_outside_the_database(stack: Planned) -> None:
    prefix = f"urn:pulumi:{stack.plan.stack}::marketplace::"
    owned = f"{prefix}marketplace:order_database:OrderDatabase$marketplace:order_database:Migrations"
    moved = [resource for resource in stack.plan.resources if resource.urn.startswith(owned)]
    assert len(moved) > 10
    for resource in moved:
        before = resource.urn.replace(owned, f"{prefix}marketplace:migrations:Migrations")
        assert before in resource.aliases, resource.urn


def test_a_workload_may_pull_the_image_of_the_stack_and_no_other(plans: Plans) -> None:
    given = plans.of("prod", image=f"123456789012.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:{'a' * 64}")
    assert given.allowed("checkout-execution")["PullImage"][1] == ["arn:aws:ecr:us-east-1:123456789012:repository/shop"]


def test_staging_is_guarded_like_production_and_smaller(plans: Plans) -> None:
    staging = plans.of("dev", profile="staging", alarmEmail="alarms@shop.example")
    assert staging.inputs("rds/cluster:Cluster", "orders")["deletionProtection"] is True
    assert len(staging.every("Subnet")) == 6
    assert staging.inputs("ReplicationGroup", "carts")["multiAzEnabled"] is True


def test_the_stack_writes_no_permission_and_no_environment_by_hand() -> None:
    source = (Path(__file__).resolve().parents[2] / "stacks" / "marketplace.py").read_text()
    for word in ("pulumi_aws", "Statement", "policy", "arn:", "getenv", "_HOST", '_URL"'):
        assert word not in source
