"""What a child process sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import pytest

from toolkit.local.processes.environment import ROOT, listening, of_server, of_workload, secret_values
from toolkit.local.servers.postgres import PostgresServer

ENDPOINT = "http://127.0.0.1:20001"
KEYS = "/us-east-1_pool/.well-known/jwks.json"
SECRET = "arn:aws:secretsmanager:us-east-1:1:secret:s-1"


class Account:
    region = "eu-west-1"
    aws_endpoint = ENDPOINT

    def credentials(self, role_arn: str, session: str) -> Mapping[str, str]:
        return {"AWS_ACCESS_KEY_ID": f"key of {role_arn} for {session}"}


@pytest.fixture(autouse=True)
def _a_person_with_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "the person at the keyboard")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")


def workload(role_arn: str | None = None, **planned: str) -> dict[str, str]:
    return of_workload(Account(), "checkout", role_arn, planned)


def test_a_workload_is_in_the_emulated_account_under_its_own_role() -> None:
    environment = workload("arn:role/checkout")
    assert {name: value for name, value in environment.items() if name.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID": "key of arn:role/checkout for checkout",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": ENDPOINT,
        "AWS_REGION": "eu-west-1",
    }


def test_a_server_sees_no_account_at_all() -> None:
    environment = of_server({"MOTO_PORT": "1"})
    assert not [name for name in environment if name.startswith("AWS_")]
    assert environment["MOTO_PORT"] == "1"


def test_the_database_sees_no_account_either(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "data")
    server.start()
    try:
        environment = psutil.Process(server.pid).environ()
    finally:
        server.stop()
    assert "AWS_PROFILE" not in environment
    assert environment["LANG"] == "de_DE.UTF-8"


@pytest.mark.parametrize("environment", [of_server, lambda own: workload(**own)], ids=["server", "workload"])
def test_every_process_inherits_the_rest_and_imports_from_the_project(
    environment: Callable[[Mapping[str, str]], dict[str, str]],
) -> None:
    seen = environment({})
    assert seen["LANG"] == "de_DE.UTF-8"
    assert seen["PYTHONPATH"] == f"{ROOT}:/elsewhere"


def test_the_plans_variables_are_kept_and_what_differs_here_is_resolved() -> None:
    environment = workload(
        CURRENCY="usd",
        ORDERS_TLS="verify-full",
        AUTH_ISSUER="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool",
        AUTH_KEYS_URL=f"https://cognito-idp.us-east-1.amazonaws.com{KEYS}",
    )
    assert environment["CURRENCY"] == "usd"
    assert environment["ORDERS_TLS"] == "disable"
    assert environment["AUTH_ISSUER"] == "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"
    assert environment["AUTH_KEYS_URL"] == f"{ENDPOINT}{KEYS}"


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example/keys",
        "https://login.example/?next=https://cognito-idp.us-east-1.amazonaws.com/",
        "https://cognito-idp.us-east-1.amazonaws.com.evil.example/keys",
    ],
)
def test_the_keys_of_another_issuer_are_read_where_it_says(url: str) -> None:
    assert workload(AUTH_KEYS_URL=url)["AUTH_KEYS_URL"] == url


def test_a_process_that_serves_gets_its_loopback_port() -> None:
    assert listening({"PORT": "8080"}, 20_002) == {"HOST": "127.0.0.1", "PORT": "20002"}


def test_a_secret_is_read_by_its_arn_and_its_json_key() -> None:
    read: list[str] = []

    def secret(arn: str) -> str:
        read.append(arn)
        return '{"token": "t0ken"}'

    references = {"TOKEN": f"{SECRET}:token::", "WHOLE": SECRET}
    assert secret_values(references, secret) == {"TOKEN": "t0ken", "WHOLE": '{"token": "t0ken"}'}
    assert read == [SECRET, SECRET]
