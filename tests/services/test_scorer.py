"""The fraud scorer: a container as SageMaker runs one, and the model that it ships with."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from commerce.fraud import Features, Thresholds
from services.scorer.app import create_app
from services.scorer.schemas import read_model
from services.scorer.settings import ScorerSettings

ROOT = Path(__file__).resolve().parents[2]
ORDINARY = Features(
    amount=2_500,
    units=1,
    sellers=1,
    account_age_days=0.0,
    paid_orders=0,
    failed_orders=0,
    orders_last_hour=1,
    orders_before=0,
    cards_last_day=1,
)
REGULAR = replace(ORDINARY, amount=8_000, account_age_days=300.0, paid_orders=12)
CARD_TESTER = replace(ORDINARY, failed_orders=6, orders_last_hour=9, orders_before=4, cards_last_day=5)
RESELLER = replace(ORDINARY, amount=180_000, units=6, sellers=3, failed_orders=1, orders_last_hour=3)


@pytest.fixture
async def scorer() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(ScorerSettings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://scorer") as client:
        yield client


async def test_it_says_that_it_is_well_with_an_empty_body(scorer: httpx.AsyncClient) -> None:
    answer = await scorer.get("/ping")
    assert (answer.status_code, answer.content) == (200, b"")


async def test_it_gives_the_probability_of_its_model(scorer: httpx.AsyncClient) -> None:
    answer = await scorer.post("/invocations", json=asdict(CARD_TESTER))
    expected = read_model(ScorerSettings().model_file).score(CARD_TESTER)
    assert answer.status_code == 200
    assert answer.json() == {
        "probability": expected.probability,
        "model": expected.model,
        "reasons": list(expected.reasons),
    }


@pytest.mark.parametrize(
    "change", [{"amount": -1}, {"amount": "9"}, {"amount": 1.5}, {"account_age_days": None}, {"name": "Ada"}]
)
async def test_what_is_no_features_is_refused(scorer: httpx.AsyncClient, change: dict[str, object]) -> None:
    answer = await scorer.post("/invocations", json=asdict(ORDINARY) | change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_features_that_are_missing_are_refused(scorer: httpx.AsyncClient) -> None:
    for name in asdict(ORDINARY):
        body = {key: value for key, value in asdict(ORDINARY).items() if key != name}
        assert (await scorer.post("/invocations", json=body)).status_code == 422


def test_a_scorer_without_a_model_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text('{"version": "1"}')
    with pytest.raises(ValidationError):
        create_app(ScorerSettings(model_file=tmp_path / "model.json"))


def test_the_model_lets_ordinary_buyers_through_and_stops_those_who_test_cards() -> None:
    model, thresholds = read_model(ScorerSettings().model_file), Thresholds(review=0.5, refuse=0.97)
    assert thresholds.decide(model.score(ORDINARY).probability) == "allow"
    assert thresholds.decide(model.score(REGULAR).probability) == "allow"
    assert thresholds.decide(model.score(CARD_TESTER).probability) == "refuse"
    assert thresholds.decide(model.score(RESELLER).probability) != "allow"


def test_the_image_has_the_program_that_sagemaker_runs() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"exec python -m services\.scorer\\n' > /usr/local/bin/serve", dockerfile)
    assert "EXPOSE 8080" in dockerfile
    assert ScorerSettings().port == 8080


def test_the_model_file_holds_every_feature() -> None:
    model = json.loads(ScorerSettings().model_file.read_text())
    for part in ("coefficients", "means", "scales"):
        assert list(model[part]) == list(asdict(ORDINARY)), part


async def test_a_number_that_no_model_can_compute_with_is_refused(scorer: httpx.AsyncClient) -> None:
    for name in ("amount", "cards_last_day", "account_age_days"):
        answer = await scorer.post("/invocations", json=asdict(ORDINARY) | {name: 10**400})
        assert answer.status_code == 422, (name, answer.text)
