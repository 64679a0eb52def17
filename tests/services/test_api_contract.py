"""Every service against its own OpenAPI document: generated requests find no fault and no undocumented answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from commerce.adapters.postgres import migrate
from components.workload import Service
from services.scorer.app import create_app as create_scorer
from services.scorer.settings import ScorerSettings
from tests.services.tokens import IdentityProvider, signed_in
from tests.services.wiring import application, services

EXAMPLES = 8
"""Of each operation: enough to meet every boundary sooner or later, few enough for each run."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def dsn(postgres_dsn: str) -> str:
    async def prepare() -> None:
        connection = await asyncpg.connect(postgres_dsn)
        await migrate(connection)
        await connection.execute("INSERT INTO sellers (seller_id, display_name) VALUES ('ada', 'Ada')")
        await connection.close()

    asyncio.run(prepare())
    return postgres_dsn


@pytest.fixture
def everybody(provider: IdentityProvider) -> Iterator[dict[str, str]]:
    """The headers of a caller who is in every group."""
    yield signed_in("ada", "buyer", "seller", "support", "admin")


@pytest.mark.parametrize("service", services(), ids=lambda service: service.name)
def test_generated_requests_find_no_fault(service: Service, dsn: str, everybody: dict[str, str]) -> None:
    _all_conform(application(service, dsn), everybody)


def test_generated_requests_find_no_fault_in_the_scorer() -> None:
    """It asks for no token, and needs no store."""
    _all_conform(create_scorer(ScorerSettings()), {})


def _all_conform(app: FastAPI, headers: dict[str, str]) -> None:
    schema = schemathesis.openapi.from_dict(app.openapi())
    operations = [result.ok() for result in schema.get_all_operations()]
    assert operations
    with TestClient(app, raise_server_exceptions=False) as client:
        for operation in operations:
            _conforms(operation, client, headers)


def _conforms(operation: APIOperation, client: TestClient, headers: dict[str, str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def conforms(case: schemathesis.Case) -> None:
        sent = case.as_transport_kwargs(base_url="http://testserver", headers=headers)
        sent.pop("cookies", None)
        body = sent.pop("data", None)
        response = client.request(**sent, content=body if isinstance(body, bytes | str) else None)
        case.validate_response(response, checks=CHECKS)

    conforms()
