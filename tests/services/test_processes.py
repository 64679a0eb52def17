"""The services as the platform runs them: `python -m`, settings from the environment, ended by SIGTERM."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from commerce.adapters.postgres import migrate
from services.http.identity import SELLERS
from tests.services.tokens import AUDIENCE, AUDIENCE_CLAIM, GROUPS_CLAIM, ISSUER, IdentityProvider, signed_in
from toolkit.local.processes.ports import free_port

COMMON = {
    "CLOUD": "aws",
    "AUTH_ISSUER": ISSUER,
    "AUTH_AUDIENCE": AUDIENCE,
    "AUTH_AUDIENCE_CLAIM": AUDIENCE_CLAIM,
    "AUTH_GROUPS_CLAIM": GROUPS_CLAIM,
    "AUTH_KEYS_URL": "http://127.0.0.1:1/keys.json",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "HOST": "127.0.0.1",
    "CURRENCY": "usd",
    "PRODUCTS_COLLECTION": "products",
    "IMAGES_STORE": "images",
    "CHECKOUT_FLOW_ID": "arn:aws:states:us-east-1:123456789012:stateMachine:checkout-flow",
    "EVENTS_TOPIC": "arn:aws:sns:us-east-1:123456789012:events",
    "COMMISSION_BASIS_POINTS": "1000",
    "RESERVATION_TTL_SECONDS": "900",
    "SEARCH_HOST": "127.0.0.1:1",
    "SEARCH_TLS": "disable",
    "RETURN_WINDOW_DAYS": "14",
    "REFUND_COMMISSION": "true",
    "STRIPE_SECRET": "stripe",
    "ORDERS_USER": "nobody",
    "ORDERS_TLS": "disable",
    "CARTS_TLS": "disable",
}


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    client: httpx.Client
    log: Path

    def until(self, path: str, status: int) -> httpx.Response:
        for _ in range(400):
            try:
                response = self.client.get(path)
                if response.status_code == status:
                    return response
            except httpx.TransportError:
                assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def until_refused(self) -> None:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.client.base_url.port)).close()
            except ConnectionRefusedError:
                return
            time.sleep(0.05)
        raise AssertionError("it still takes connections")


@contextmanager
def running(service: str, tmp_path: Path, **environment: str) -> Iterator[Running]:
    port = free_port()
    log = tmp_path / f"{service}.log"
    with log.open("wb") as output, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        process = subprocess.Popen(
            [sys.executable, "-m", f"services.{service}"],
            env=_environment(PORT=str(port), **environment),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Running(process=process, client=client, log=log)
        finally:
            process.kill()
            process.wait()


def _environment(**more: str) -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | COMMON | more


def test_checkout_serves_and_ends_cleanly_on_sigterm(
    tmp_path: Path, postgres_dsn: str, redis_url: str, provider: IdentityProvider
) -> None:
    asyncio.run(_migrated(postgres_dsn))
    database, cache = urlsplit(postgres_dsn), urlsplit(redis_url)
    with running(
        "checkout",
        tmp_path,
        ORDERS_HOST=database.hostname or "",
        ORDERS_PORT=str(database.port),
        ORDERS_DATABASE=database.path.lstrip("/"),
        ORDERS_USER=database.username or "",
        CARTS_HOST=cache.hostname or "",
        CARTS_PORT=str(cache.port),
        AUTH_KEYS_URL=provider.keys_url,
    ) as service:
        assert service.until("/readyz", 200).json()["checks"] == {"orders": "ok", "carts": "ok", "signing-keys": "ok"}
        assert service.client.get("/cart", headers=signed_in("buyer")).json()["items"] == []
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(10) in (0, -signal.SIGTERM)
        lines = [json.loads(line) for line in service.log.read_text().splitlines()]
        assert {line["service"] for line in lines} == {"checkout"}
        assert not [line for line in lines if line["level"] in ("WARNING", "ERROR")]


@pytest.mark.parametrize(
    ("service", "path", "groups"),
    [
        ("catalog", "/catalog/products", ()),
        ("checkout", "/cart", ()),
        ("seller", "/seller/balance", (SELLERS,)),
        ("dispute", "/cases", ()),
    ],
)
def test_a_service_is_alive_but_not_ready_while_its_stores_are_away_and_ends_although_its_traces_cannot_be_sent(
    service: str, path: str, groups: tuple[str, ...], tmp_path: Path, provider: IdentityProvider
) -> None:
    away = {"AUTH_KEYS_URL": provider.keys_url, "OBSERVABILITY_STACK": "marketplace-dev"}
    away |= {"ORDERS_HOST": "127.0.0.1", "ORDERS_PORT": "1", "ORDERS_DATABASE": "orders", "CARTS_HOST": "127.0.0.1"}
    with running(service, tmp_path, **away, CARTS_PORT="1", AWS_ENDPOINT_URL="http://127.0.0.1:1") as started:
        assert started.until("/healthz", 200).json() == {"status": "ok"}
        assert started.client.get("/readyz", timeout=10).json()["type"] == "/problems/not-ready"
        refused = started.client.get(path, headers=signed_in("somebody", *groups), timeout=30)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/store-unavailable")
        assert refused.headers["content-type"] == "application/problem+json"
        started.client.put("/nowhere")  # a change, whose trace is kept
        started.process.send_signal(signal.SIGTERM)
        assert started.process.wait(20) in (0, -signal.SIGTERM)
        assert "traces were not sent" in started.log.read_text()


def test_a_request_that_is_open_when_the_platform_ends_the_service_is_answered_and_a_new_one_refused(
    tmp_path: Path,
) -> None:
    features = {"amount": 900, "units": 1, "sellers": 1, "account_age_days": 9.0, "paid_orders": 3, "failed_orders": 0}
    body = json.dumps(features | {"orders_last_hour": 1, "orders_before": 0, "cards_last_day": 1}).encode()
    head = b"POST /invocations HTTP/1.1\r\nhost: scorer\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    with running("scorer", tmp_path) as service:
        service.until("/ping", 200)
        address = ("127.0.0.1", service.client.base_url.port)
        with socket.create_connection(address) as open_request:
            open_request.sendall(head % len(body) + body[:20])
            time.sleep(0.3)
            service.process.send_signal(signal.SIGTERM)
            service.until_refused()
            open_request.sendall(body[20:])
            assert open_request.recv(65_536).startswith(b"HTTP/1.1 200 OK")
        assert service.process.wait(10) in (0, -signal.SIGTERM)


def test_wrong_settings_are_told_by_name_without_a_traceback() -> None:
    ended = _ended(CURRENCY="Dollars", COMMISSION_BASIS_POINTS="20000", CLOUD="azur")
    assert ended.returncode == 2
    assert "CURRENCY: " in ended.stderr
    assert "COMMISSION_BASIS_POINTS: " in ended.stderr
    assert "There is no cloud 'azur'. Set CLOUD to one of: aws." in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_setting_that_is_no_json_is_told_in_one_line() -> None:
    ended = _ended(AUTH_REQUIRED_CLAIMS="not json")
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "auth_required_claims" in line


def _ended(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.checkout"]
    return subprocess.run(command, env=_environment(**environment), capture_output=True, text=True, check=False)


async def _migrated(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await migrate(connection)
    await connection.close()
