"""Secrets, sign-in tokens and the checkout flow against moto."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from commerce.adapters import cloud
from commerce.adapters.aws import SecretsReader, StepFunctionsFlow, elasticache_token, rds_token
from commerce.adapters.aws.session import session
from commerce.adapters.memory import MemoryFlow
from commerce.adapters.postgres import DatabaseSettings
from commerce.adapters.redis import CacheSettings
from commerce.adapters.telemetry import within_trace
from commerce.errors import InvalidRequest
from commerce.ports import CheckoutFlow

REGION = "eu-central-1"
TRACEPARENT = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01"


@pytest.fixture(params=["memory", "stepfunctions"])
def flow(request: pytest.FixtureRequest) -> CheckoutFlow:
    return MemoryFlow() if request.param == "memory" else request.getfixturevalue("state_machine")


@pytest.fixture
def state_machine(aws: None) -> StepFunctionsFlow:
    definition = {"StartAt": "done", "States": {"done": {"Type": "Succeed"}}}
    created = boto3.client("stepfunctions", region_name=REGION).create_state_machine(
        name="checkout", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/flow"
    )
    return StepFunctionsFlow(created["stateMachineArn"])


async def test_starting_a_flow_twice_or_at_once_is_a_success(flow: CheckoutFlow) -> None:
    await flow.start("order-1")
    await asyncio.gather(*(flow.start("order-1") for _ in range(3)))
    await flow.start("order-1", attempt=2)


async def test_an_execution_is_named_after_order_and_attempt_and_started_once(
    state_machine: StepFunctionsFlow,
) -> None:
    for attempt in (1, 1, 2):
        with within_trace(TRACEPARENT):
            await state_machine.start("order-1", attempt)
    client = boto3.client("stepfunctions", region_name=REGION)
    (machine,) = client.list_state_machines()["stateMachines"]
    executions = client.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    assert sorted(execution["name"] for execution in executions) == ["order-1", "order-1-2"]
    described = client.describe_execution(executionArn=executions[0]["executionArn"])
    assert json.loads(described["input"]) == {"order_id": "order-1", "traceparent": TRACEPARENT}


def test_a_secret_is_read_once_and_again_after_it_was_kept_long_enough(aws: None) -> None:
    client = boto3.client("secretsmanager", region_name=REGION)
    arn = client.create_secret(Name="stripe", SecretString='{"api_key": "one"}')["ARN"]
    reader, forgetful = SecretsReader(), SecretsReader(keep_seconds=0)
    assert reader.read(arn) == forgetful.read(arn) == {"api_key": "one"}
    client.put_secret_value(SecretId=arn, SecretString='{"api_key": "two"}')
    assert reader.read(arn) == {"api_key": "one"}
    assert forgetful.read(arn) == {"api_key": "two"}
    reader.forget(arn)
    assert reader.read(arn) == {"api_key": "two"}


def test_a_database_token_is_the_one_that_boto3_makes(aws: None) -> None:
    token = parts_of(rds_token("db.example", 5432, "checkout"))
    client = session().client("rds")
    reference = parts_of(client.generate_db_auth_token(DBHostname="db.example", Port=5432, DBUsername="checkout"))
    assert token.keys() == reference.keys()
    for name in token.keys() - {"X-Amz-Date", "X-Amz-Signature"}:
        assert token[name] == reference[name]
    assert token["host"] == "db.example:5432"


def test_a_cache_token_is_signed_for_the_replication_group_and_the_user(aws: None) -> None:
    token = parts_of(elasticache_token("Carts-1", "checkout"))
    assert token["host"] == "carts-1"
    assert (token["Action"], token["User"], token["X-Amz-Expires"]) == ("connect", "checkout", "900")
    assert token["X-Amz-Credential"].endswith(f"/{REGION}/elasticache/aws4_request")


async def test_the_application_finds_everything_of_aws_by_the_clouds_name(aws: None, state_machine: Any) -> None:
    chosen = cloud.load("aws")
    database = DatabaseSettings(host="db.example", database="orders", user="checkout")
    cache = CacheSettings(host="cache.example", user="checkout", instance="carts-1")
    password = parts_of(await chosen.database_password(database)())
    user, token = await chosen.cache_credentials(cache)()
    assert (password["host"], password["DBUser"]) == ("db.example:5432", "checkout")
    assert (user, parts_of(token)["host"], parts_of(token)["User"]) == ("checkout", "carts-1", "checkout")

    client = boto3.client("secretsmanager", region_name=REGION)
    client.create_secret(Name="stripe", SecretString='{"api_key": "one"}')
    assert chosen.secrets().read("stripe") == {"api_key": "one"}

    boto3.client("dynamodb", region_name=REGION).create_table(
        TableName="things",
        KeySchema=[{"AttributeName": "product_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "product_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert (await chosen.products("things").list(1)).items == ()

    (machine,) = boto3.client("stepfunctions", region_name=REGION).list_state_machines()["stateMachines"]
    await chosen.checkout_flow(machine["stateMachineArn"]).start("order-1")


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    session.cache_clear()
    monkeypatch.setenv("AWS_REGION", REGION)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    yield
    session.cache_clear()


def test_a_process_without_credentials_is_told_so(nobody: None) -> None:
    with pytest.raises(InvalidRequest, match="AWS credentials"):
        rds_token("db.example", 5432, "checkout")


def parts_of(token: str) -> dict[str, str]:
    url = urlsplit(f"https://{token}")
    return {"host": url.netloc, **{name: value for name, (value,) in parse_qs(url.query).items()}}
