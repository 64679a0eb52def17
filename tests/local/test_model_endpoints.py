"""A SageMaker endpoint on this machine: boto3's own call reaches the process that runs the container."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from cheroot.wsgi import Server

from commerce.adapters.aws import SageMakerScorer
from commerce.adapters.aws.session import session
from commerce.fraud import Features, ScorerUnavailable
from services.scorer.schemas import read_model
from services.scorer.settings import ScorerSettings
from toolkit.local.cloud.moto.model_endpoints import ModelEndpoints
from toolkit.local.processes.ports import free_port

SEEN = Features(
    amount=90_000,
    units=3,
    sellers=2,
    account_age_days=0.5,
    paid_orders=0,
    failed_orders=2,
    orders_last_hour=4,
    orders_before=1,
    cards_last_day=2,
)


@pytest.fixture(scope="module")
def container() -> Iterator[int]:
    """The port of the scorer's own process."""
    port = free_port()
    environment = {"HOST": "127.0.0.1", "PORT": str(port), "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen([sys.executable, "-m", "services.scorer"], env=environment)
    for _ in range(400):
        try:
            httpx.get(f"http://127.0.0.1:{port}/ping").raise_for_status()
            break
        except httpx.HTTPError:
            time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)


@pytest.fixture
def listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file that lists the endpoints of the account that boto3 now talks to."""
    endpoints = ModelEndpoints(tmp_path / "endpoints.json")

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        answer = endpoints.answer(environ, start_response)
        assert answer is not None, environ["PATH_INFO"]
        return answer

    port = free_port()
    server = Server(("127.0.0.1", port), application)
    server.prepare()
    Thread(target=server.serve, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    session.cache_clear()
    yield tmp_path / "endpoints.json"
    session.cache_clear()
    server.stop()


def deploy(listing: Path, port: int) -> None:
    listing.write_text(json.dumps({"fraud": port}))


async def test_the_application_gets_the_score_of_the_model(listing: Path, container: int) -> None:
    deploy(listing, container)
    assert await SageMakerScorer("fraud").score(SEEN) == read_model(ScorerSettings().model_file).score(SEEN)


async def test_an_endpoint_that_does_not_exist_is_no_score(listing: Path) -> None:
    with pytest.raises(ScorerUnavailable, match="not found"):
        await SageMakerScorer("fraud").score(SEEN)


async def test_a_container_that_is_away_is_no_score(listing: Path) -> None:
    deploy(listing, free_port())
    with pytest.raises(ScorerUnavailable, match="gave no score"):
        await SageMakerScorer("fraud").score(SEEN)


async def test_a_container_that_refuses_is_no_score(listing: Path, container: int) -> None:
    deploy(listing, container)
    with pytest.raises(ScorerUnavailable, match="Received status 422"):
        await SageMakerScorer("fraud").score(replace(SEEN, amount=-1))


@pytest.mark.parametrize("answer", ["no json", "[]", '{"probability": 7, "model": "m", "reasons": []}', "{}"])
async def test_an_answer_that_is_no_score_is_told(answer: str, listing: Path) -> None:
    def strange(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer.encode()]

    port = free_port()
    server = Server(("127.0.0.1", port), strange)
    server.prepare()
    Thread(target=server.serve, daemon=True).start()
    deploy(listing, port)
    try:
        with pytest.raises(ScorerUnavailable, match="did not answer with a score"):
            await SageMakerScorer("fraud").score(SEEN)
    finally:
        server.stop()


async def test_a_slow_container_is_not_waited_for(listing: Path) -> None:
    def slow(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        time.sleep(4)
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    port = free_port()
    server = Server(("127.0.0.1", port), slow)
    server.prepare()
    Thread(target=server.serve, daemon=True).start()
    deploy(listing, port)
    scorer = SageMakerScorer("fraud")
    started = time.monotonic()
    with pytest.raises(ScorerUnavailable, match="gave no score"):
        await scorer.score(SEEN)
    assert time.monotonic() - started < 3.5
    server.stop()
