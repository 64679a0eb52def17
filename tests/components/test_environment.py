"""What each workload finds in its environment, and that this is what its code asks for."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from planned import Planned
from pydantic_settings import BaseSettings

from commerce.adapters.opensearch.settings import SearchSettings
from commerce.adapters.postgres.settings import DatabaseSettings
from commerce.adapters.redis.settings import CacheSettings
from functions.catalog_import.settings import CatalogImportSettings
from functions.checkout.settings import SagaSettings
from functions.order_processor.settings import OrderProcessorSettings
from functions.recommendations.settings import RankerSettings
from functions.settings import FunctionSettings
from functions.thumbnails.settings import ThumbnailSettings
from services.catalog.settings import CatalogSettings
from services.checkout.settings import CheckoutSettings
from services.dispute.settings import DisputeSettings
from stacks.workloads import CATALOG, CHECKOUT, CHECKOUT_SAGA, MIGRATIONS, ORDER_PROCESSOR, RANKER

ORDERS = {
    "ORDERS_DATABASE": "marketplace",
    "ORDERS_HOST": "<Cluster orders.endpoint>",
    "ORDERS_PORT": "<Cluster orders.port>",
    "ORDERS_TLS": "verify-full",
}
CARTS = {
    "CARTS_HOST": "<ReplicationGroup carts.primaryEndpointAddress>",
    "CARTS_INSTANCE": "<ReplicationGroup carts.replicationGroupId>",
    "CARTS_PORT": "6379",
    "CARTS_TLS": "verify-full",
}
AUTH = {
    "AUTH_AUDIENCE": "<UserPoolClient auth-storefront.id>",
    "AUTH_AUDIENCE_CLAIM": "client_id",
    "AUTH_GROUPS_CLAIM": "cognito:groups",
    "AUTH_ISSUER": "https://<UserPool auth.endpoint>",
    "AUTH_REQUIRED_CLAIMS": '{"token_use": "access"}',
    "AUTH_KEYS_URL": "https://<UserPool auth.endpoint>/.well-known/jwks.json",
    "AUTH_SUBJECT_CLAIM": "sub",
}
EXPECTED: dict[str, dict[str, str]] = {
    "catalog": {
        **AUTH,
        **CARTS,
        **ORDERS,
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "AWS_REGION": "us-east-1",
        "CARTS_USER": "marketplace-prod-catalog",
        "CLOUD": "aws",
        "CURRENCY": "usd",
        "IMAGES_STORE": "<Bucket images.id>",
        "LOG_LEVEL": "INFO",
        "ORDERS_USER": "catalog",
        "PORT": "8080",
        "PRODUCTS_COLLECTION": "<Table products.name>",
        "SEARCH_HOST": "<Domain search.endpoint>",
        "SEARCH_SERVICE": "es",
        "SEARCH_TLS": "verify-full",
        "OBSERVABILITY_STACK": "marketplace-prod",
        "SERVICE_NAME": "catalog",
    },
    "checkout": {
        **AUTH,
        **CARTS,
        **ORDERS,
        "AWS_REGION": "us-east-1",
        "CARTS_USER": "marketplace-prod-checkout",
        "CHECKOUT_FLOW_ID": "<StateMachine checkout-flow.arn>",
        "CLOUD": "aws",
        "COMMISSION_BASIS_POINTS": "1000",
        "CURRENCY": "usd",
        "EVENTS_TOPIC": "<Topic events.arn>",
        "LOG_LEVEL": "INFO",
        "ORDERS_USER": "checkout",
        "PORT": "8080",
        "RESERVATION_TTL_SECONDS": "900",
        "OBSERVABILITY_STACK": "marketplace-prod",
        "SERVICE_NAME": "checkout",
    },
    "dispute": {
        **AUTH,
        **ORDERS,
        "AWS_REGION": "us-east-1",
        "CLOUD": "aws",
        "LOG_LEVEL": "INFO",
        "ORDERS_USER": "dispute",
        "PORT": "8080",
        "REFUND_COMMISSION": "True",
        "OBSERVABILITY_STACK": "marketplace-prod",
        "SERVICE_NAME": "dispute",
    },
    "checkout-saga": {
        **CARTS,
        **ORDERS,
        "CARTS_USER": "marketplace-prod-checkout-saga",
        "CLOUD": "aws",
        "FRAUD_REFUSE_FROM": "0.97",
        "FRAUD_REVIEW_FROM": "0.5",
        "FRAUD_SCORER": "marketplace-prod-fraud",
        "LOG_LEVEL": "INFO",
        "ORDERS_USER": "checkout-saga",
        "POWERTOOLS_METRICS_NAMESPACE": "marketplace-prod",
        "POWERTOOLS_SERVICE_NAME": "checkout-saga",
        "SERVICE_NAME": "checkout-saga",
        "STRIPE_SECRET": "<Secret stripe.arn>",
    },
    "catalog-import": {
        **ORDERS,
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "CLOUD": "aws",
        "CURRENCY": "usd",
        "IMAGES_STORE": "<Bucket images.id>",
        "LOG_LEVEL": "INFO",
        "ORDERS_USER": "catalog-import",
        "POWERTOOLS_METRICS_NAMESPACE": "marketplace-prod",
        "POWERTOOLS_SERVICE_NAME": "catalog-import",
        "PRODUCTS_COLLECTION": "<Table products.name>",
        "SERVICE_NAME": "catalog-import",
    },
    "thumbnails": {
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "CLOUD": "aws",
        "IMAGES_STORE": "<Bucket images.id>",
        "LOG_LEVEL": "INFO",
        "POWERTOOLS_METRICS_NAMESPACE": "marketplace-prod",
        "POWERTOOLS_SERVICE_NAME": "thumbnails",
        "PRODUCTS_COLLECTION": "<Table products.name>",
        "SERVICE_NAME": "thumbnails",
    },
    "notifier": {
        **ORDERS,
        "AUTH_DIRECTORY": "<UserPool auth.id>",
        "CLOUD": "aws",
        "LOG_LEVEL": "INFO",
        "NOTIFICATIONS_PROFILE": "marketplace-prod",
        "NOTIFICATIONS_SENDER": "no-reply@marketplace.example.com",
        "ORDERS_USER": "notifier",
        "POWERTOOLS_METRICS_NAMESPACE": "marketplace-prod",
        "POWERTOOLS_SERVICE_NAME": "notifier",
        "SERVICE_NAME": "notifier",
    },
    "order-processor": {
        **ORDERS,
        "CLOUD": "aws",
        "DELIVERY_DAYS": "10",
        "LOG_LEVEL": "INFO",
        "ORDERS_USER": "order-processor",
        "POWERTOOLS_METRICS_NAMESPACE": "marketplace-prod",
        "POWERTOOLS_SERVICE_NAME": "order-processor",
        "RETURN_WINDOW_DAYS": "30",
        "SERVICE_NAME": "order-processor",
    },
    "ranker": {
        **CARTS,
        **ORDERS,
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "CARTS_USER": "marketplace-prod-ranker",
        "CLOUD": "aws",
        "LOG_LEVEL": "INFO",
        "ORDERS_USER": "ranker",
        "POWERTOOLS_METRICS_NAMESPACE": "marketplace-prod",
        "POWERTOOLS_SERVICE_NAME": "ranker",
        "PRODUCTS_COLLECTION": "<Table products.name>",
        "SERVICE_NAME": "ranker",
    },
    "migrations": {
        **ORDERS,
        "CLOUD": "aws",
        "LOG_LEVEL": "INFO",
        "ORDERS_SECRET": "<Cluster orders.masterUserSecrets.0.secretArn>",
        "POWERTOOLS_METRICS_NAMESPACE": "marketplace-prod",
        "POWERTOOLS_SERVICE_NAME": "migrations",
        "SERVICE_NAME": "migrations",
    },
}
READ_BY: dict[str, list[type[BaseSettings]]] = {
    "catalog": [CatalogSettings, DatabaseSettings, CacheSettings, SearchSettings],
    "checkout": [CheckoutSettings, DatabaseSettings, CacheSettings],
    "dispute": [DisputeSettings, DatabaseSettings],
    "checkout-saga": [SagaSettings, DatabaseSettings, CacheSettings],
    "order-processor": [OrderProcessorSettings, DatabaseSettings],
    "thumbnails": [ThumbnailSettings],
    "ranker": [RankerSettings, DatabaseSettings, CacheSettings],
    "catalog-import": [CatalogImportSettings, DatabaseSettings],
    "migrations": [FunctionSettings, DatabaseSettings],
}


@pytest.mark.parametrize("workload", EXPECTED)
def test_a_workload_knows_what_its_links_and_settings_give(prod: Planned, workload: str) -> None:
    assert prod.environment(workload) == EXPECTED[workload]


@pytest.mark.parametrize("workload", READ_BY)
def test_the_code_finds_every_setting_it_requires(
    prod: Planned, workload: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(EXPECTED["checkout"]):
        monkeypatch.delenv(name, raising=False)
    for name, value in prod.environment(workload).items():
        monkeypatch.setenv(name, "5432" if value.endswith(".port>") else value)
    for settings in READ_BY[workload]:
        settings()


@pytest.mark.parametrize("workload", READ_BY)
def test_nothing_is_given_that_no_code_reads(prod: Planned, workload: str) -> None:
    sdks = {"AWS_ACCOUNT_ID_ENDPOINT_MODE", "AWS_REGION", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"}
    elsewhere = {"LOG_LEVEL", *sdks}
    read = {variable for settings in READ_BY[workload] for variable in variables_of(settings)}
    assert prod.environment(workload).keys() - elsewhere <= read


def variables_of(settings: type[BaseSettings]) -> set[str]:
    prefix = str(settings.model_config.get("env_prefix", ""))
    return {f"{prefix}{field}".upper() for field in settings.model_fields}


def test_no_environment_holds_a_secret(prod: Planned) -> None:
    for workload in EXPECTED:
        for name, value in prod.environment(workload).items():
            assert not value.startswith(("sk_", "whsec_", "AKIA"))
            assert "PASSWORD" not in name
    assert set(prod.every("SecretVersion")) == {"edge-key-first", "edge-key-second"}
    for name in prod.every("SecretVersion"):
        assert prod.inputs("SecretVersion", name)["secretString"] == "<randomPassword>"


@pytest.mark.parametrize(
    "module",
    [
        CATALOG.module,
        CHECKOUT.module,
        *(f"{handler.package}.aws" for handler in (CHECKOUT_SAGA, ORDER_PROCESSOR, RANKER, MIGRATIONS)),
    ],
)
def test_what_a_workload_runs_exists(module: str) -> None:
    assert importlib.util.find_spec(module)


def test_containers_and_functions_run_the_same_image(prod: Planned) -> None:
    image = "000000000000.dkr.ecr.us-east-1.amazonaws.com/marketplace:prod"
    functions: list[dict[str, Any]] = [prod.inputs("Function", name) for name in prod.every("Function")]
    assert {function["imageUri"] for function in functions} == {image}
    assert {prod.container(service)["image"] for service in ("catalog", "checkout")} == {image}
    assert prod.container("checkout")["command"] == ["python", "-m", "services.checkout"]
    assert prod.inputs("Function", "order-processor")["imageConfig"] == {
        "entryPoints": ["python", "-m", "awslambdaric"],
        "commands": ["functions.order_processor.aws.handler"],
    }
