from __future__ import annotations

import functools
import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import jwt
import psutil
import pytest
from botocore.config import Config

from toolkit.errors import ToolkitError
from toolkit.local.cloud.failures import aws_errors
from toolkit.local.cloud.moto import MotoServer
from toolkit.local.processes.child_process import ChildProcess
from toolkit.local.processes.ports import free_port, is_listening

ROLE = "arn:aws:iam::123456789012:role/any"


@pytest.fixture(scope="module")
def moto(moto_server: MotoServer) -> Iterator[MotoServer]:
    yield moto_server
    moto_server.workers.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def worker(moto: MotoServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], ChildProcess]]:
    """Starts the worker of the function `saga`, again each time it is called."""
    port = free_port()
    started: list[ChildProcess] = []

    def start() -> ChildProcess:
        command = [
            sys.executable,
            "-m",
            "toolkit.local.lambda_functions.runtime",
            "--port",
            str(port),
            "--timeout",
            "5",
        ]
        command += ["--handler", "tests.local.handlers.steps.step", "--name", "saga"]
        child = ChildProcess(command, log=tmp_path_factory.getbasetemp() / "saga.log", environment=os.environ)
        started.append(child)
        while not is_listening(port):
            assert child.exit_code is None, child.last_lines()
            time.sleep(0.02)
        return child

    create_function(moto, "saga")
    start()
    moto.workers.write_text(json.dumps({"saga": [port]}))
    yield start
    for child in started:
        child.stop()


def client(moto: MotoServer, service: str) -> Any:
    return client_of(moto.url, service)


@functools.cache
def client_of(url: str, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def create_function(moto: MotoServer, name: str) -> str:
    iam, functions = client(moto, "iam"), client(moto, "lambda")
    try:
        role = iam.create_role(RoleName="workers", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName="workers")["Role"]["Arn"]
    image = {"ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/marketplace:latest"}
    return str(functions.create_function(FunctionName=name, Role=role, PackageType="Image", Code=image)["FunctionArn"])


def step(name: str, do: str, next_step: str, **payload: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {
            "FunctionName": "saga",
            "Payload": {"step": name, "do": do, "order_id.$": "$.order_id", **payload},
        },
        "ResultPath": None,
        "Retry": [
            {
                "ErrorEquals": ["Lambda.ServiceException", "Runtime.ExitError"],
                "IntervalSeconds": 1,
                "MaxAttempts": 5,
                "BackoffRate": 1,
            }
        ],
        "Catch": [{"ErrorEquals": ["SoldOut"], "ResultPath": "$.error", "Next": "Failed"}],
        "Next": next_step,
    }


def run(moto: MotoServer, machine: str, name: str) -> dict[str, Any]:
    states = client(moto, "stepfunctions")
    arn = states.start_execution(stateMachineArn=machine, name=name, input=json.dumps({"order_id": name}))
    while (done := states.describe_execution(executionArn=arn["executionArn"]))["status"] == "RUNNING":
        time.sleep(0.01)
    return dict(done)


def machine(moto: MotoServer, name: str, **states: dict[str, Any]) -> str:
    definition = {
        "StartAt": next(iter(states)),
        "States": {**states, "Failed": {"Type": "Fail", "Error": "SoldOut"}, "Done": {"Type": "Succeed"}},
    }
    created = client(moto, "stepfunctions").create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=ROLE
    )
    return str(created["stateMachineArn"])


def test_a_five_step_saga_runs_through_its_worker(moto: MotoServer, worker: Callable[[], ChildProcess]) -> None:
    steps = {f"S{number}": step(f"s{number}", "work", f"S{number + 1}") for number in range(4)}
    saga = machine(moto, "five", **steps, S4=step("s4", "work", "Done"))
    assert run(moto, saga, "o-1")["status"] == "SUCCEEDED"


def test_the_worker_tells_lambdas_facts(moto: MotoServer, worker: Callable[[], ChildProcess]) -> None:
    answer = client(moto, "lambda").invoke(FunctionName="saga", Payload=b'{"step": "authorize"}')
    seen = json.loads(answer["Payload"].read())
    assert seen["name"] == "saga"
    assert seen["step"] == "authorize"
    assert 4000 < seen["remaining_milliseconds"] <= 5000
    assert "FunctionError" not in answer


def test_a_business_error_reaches_the_caller_as_lambda_tells_it(
    moto: MotoServer, worker: Callable[[], ChildProcess]
) -> None:
    answer = client(moto, "lambda").invoke(FunctionName="saga", Payload=b'{"do": "raise"}')
    error = json.loads(answer["Payload"].read())
    assert answer["FunctionError"] == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("SoldOut", "nothing left of o-1")
    assert "raise SoldOut" in "".join(error["stackTrace"])


def test_a_state_machine_catches_a_business_error_by_name(moto: MotoServer, worker: Callable[[], ChildProcess]) -> None:
    saga = machine(moto, "caught", Confirm=step("confirm_stock", "raise", "Done"))
    assert run(moto, saga, "o-2")["error"] == "SoldOut"


def test_a_worker_that_dies_is_retried_by_the_state_machine(
    moto: MotoServer, worker: Callable[[], ChildProcess], tmp_path: Path
) -> None:
    saga = machine(moto, "killed", Capture=step("capture", "die once", "Done", marker=str(tmp_path / "died")))
    states = client(moto, "stepfunctions")
    arn = states.start_execution(stateMachineArn=saga, name="o-3", input='{"order_id": "o-3"}')["executionArn"]
    while not (tmp_path / "died").exists():
        time.sleep(0.02)
    time.sleep(0.1)
    worker()
    while (done := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
        time.sleep(0.02)
    assert done["status"] == "SUCCEEDED"


@pytest.mark.parametrize(("last", "attempts"), [(1, 1), (2, 2), (9, 3)])
def test_an_asynchronous_invocation_is_answered_at_once_and_tried_three_times(
    moto: MotoServer, worker: Callable[[], ChildProcess], tmp_path: Path, last: int, attempts: int
) -> None:
    counted = tmp_path / "attempts"
    payload = json.dumps({"do": "fail until", "attempts": str(counted), "last": last})
    answer = client(moto, "lambda").invoke(FunctionName="saga", InvocationType="Event", Payload=payload)
    assert answer["StatusCode"] == 202
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not (counted.exists() and len(counted.read_text()) >= attempts):
        time.sleep(0.02)
    time.sleep(0.3)  # for an attempt too many
    assert counted.read_text() == "x" * attempts


def test_a_function_without_a_worker_is_a_service_error(moto: MotoServer) -> None:
    create_function(moto, "absent")
    functions = client(moto, "lambda")
    functions.meta.events.register("needs-retry.lambda.Invoke", lambda **_: False)
    with pytest.raises(functions.exceptions.ServiceException, match="no worker answers"):
        functions.invoke(FunctionName="absent", Payload=b"{}")


def test_an_event_source_mapping_is_recorded_and_never_run(
    moto: MotoServer, worker: Callable[[], ChildProcess]
) -> None:
    queues = client(moto, "sqs")
    queue = queues.create_queue(QueueName="mapped")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    functions = client(moto, "lambda")
    functions.create_event_source_mapping(EventSourceArn=arn, FunctionName="saga", BatchSize=10)
    assert [mapping["EventSourceArn"] for mapping in functions.list_event_source_mappings()["EventSourceMappings"]] == [
        arn
    ]
    queues.send_message(QueueUrl=queue, MessageBody="stays")
    assert queues.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "stays"


def test_a_token_is_verified_with_the_published_keys(moto: MotoServer) -> None:
    user_pool, app, token = sign_in(moto, "buyer")
    keys = jwt.PyJWKClient(f"{moto.url}/{user_pool}/.well-known/jwks.json")
    claims = jwt.decode(token, keys.get_signing_key_from_jwt(token).key, algorithms=["RS256"], audience=app)
    assert claims["cognito:username"] == "buyer"


def sign_in(moto: MotoServer, user: str) -> tuple[str, str, str]:
    pools = client(moto, "cognito-idp")
    pool = pools.create_user_pool(PoolName="users")["UserPool"]["Id"]
    app = pools.create_user_pool_client(UserPoolId=pool, ClientName="web")["UserPoolClient"]["ClientId"]
    pools.admin_create_user(UserPoolId=pool, Username=user)
    pools.admin_set_user_password(UserPoolId=pool, Username=user, Password="Passw0rd!", Permanent=True)
    signed_in = pools.initiate_auth(
        ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": user, "PASSWORD": "Passw0rd!"}
    )
    return pool, app, signed_in["AuthenticationResult"]["IdToken"]


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    server = MotoServer(tmp_path)
    server.start()
    try:
        queues, states = client(server, "sqs"), client(server, "stepfunctions")
        queue = queues.create_queue(QueueName="kept")["QueueUrl"]
        queues.send_message(QueueUrl=queue, MessageBody="kept message")
        client(server, "dynamodb").create_table(
            TableName="products",
            KeySchema=[{"AttributeName": "product_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "product_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        client(server, "dynamodb").put_item(TableName="products", Item={"product_id": {"S": "p-1"}})
        client(server, "secretsmanager").create_secret(Name="stripe", SecretString="sk_test_kept")
        client(server, "kms").create_key()
        client(server, "s3").create_bucket(Bucket="images")
        client(server, "s3").put_object(Bucket="images", Key="1.png", Body=b"pixels")
        client(server, "sns").create_topic(Name="events")
        client(server, "logs").create_log_group(logGroupName="/aws/lambda/saga")
        client(server, "apigatewayv2").create_api(Name="api", ProtocolType="HTTP")
        create_function(server, "saga")
        pool, app, token = sign_in(server, "seller")
        waits = machine(server, "waits", Wait={"Type": "Wait", "Seconds": 60, "Next": "Done"})
        passes = machine(server, "passes", Pass={"Type": "Pass", "Next": "Done"})
        states.start_execution(stateMachineArn=waits, name="o-1", input="{}")
        finished = run(server, passes, "o-1")["executionArn"]
    finally:
        server.stop()

    again = MotoServer(tmp_path, server.port)
    again.start()
    try:
        queues, states = client(again, "sqs"), client(again, "stepfunctions")
        assert queues.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "kept message"
        items = client(again, "dynamodb").scan(TableName="products")["Items"]
        assert items == [{"product_id": {"S": "p-1"}}]
        secret = client(again, "secretsmanager").get_secret_value(SecretId="stripe")["SecretString"]
        assert secret == "sk_test_kept"
        assert client(again, "s3").get_object(Bucket="images", Key="1.png")["Body"].read() == b"pixels"
        assert client(again, "lambda").get_function(FunctionName="saga")["Configuration"]["FunctionName"] == "saga"
        keys = jwt.PyJWKClient(f"{again.url}/{pool}/.well-known/jwks.json")
        assert jwt.decode(token, keys.get_signing_key_from_jwt(token).key, algorithms=["RS256"], audience=app)
        assert states.describe_execution(executionArn=finished)["status"] == "SUCCEEDED"
        assert states.list_executions(stateMachineArn=waits)["executions"] == []
        again.workers.write_text("{}")
        deadline = time.monotonic() + 5
        while not (running := states.list_executions(stateMachineArn=waits)["executions"]):
            assert time.monotonic() < deadline
        assert [(execution["name"], execution["status"]) for execution in running] == [("o-1", "RUNNING")]
        with pytest.raises(states.exceptions.ExecutionAlreadyExists):
            states.start_execution(stateMachineArn=passes, name="o-1", input="{}")
    finally:
        again.stop()


def test_a_killed_server_loses_at_most_its_last_seconds(tmp_path: Path) -> None:
    server = MotoServer(tmp_path)
    server.start()
    client(server, "sqs").create_queue(QueueName="kept")
    deadline = time.monotonic() + 10
    while not server.snapshot.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    again = MotoServer(tmp_path, server.port)
    while is_listening(server.port):
        time.sleep(0.01)
    again.start()
    assert len(client(again, "sqs").list_queues()["QueueUrls"]) == 1
    again.stop()


def test_a_snapshot_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "moto.snapshot").write_bytes(b"not a snapshot")
    with pytest.raises(ToolkitError, match=r"cannot be read(.|\n)*down --purge"):
        MotoServer(tmp_path).start()


def test_it_stays_within_its_memory(moto: MotoServer) -> None:
    assert moto.pid is not None
    assert psutil.Process(moto.pid).memory_info().rss < 250 * 1024 * 1024


def test_the_health_check_is_no_aws_request(moto: MotoServer) -> None:
    with urllib.request.urlopen(f"{moto.url}/_machine/health") as answer:  # noqa: S310
        assert answer.read() == b"ok\n"


def test_an_account_that_does_not_answer_is_told_in_words() -> None:
    port = free_port()
    with pytest.raises(ToolkitError, match="did not answer") as raised, aws_errors():
        boto3.client(
            "sqs",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        ).list_queues()
    assert "marketplace logs moto" in raised.value.next_step
