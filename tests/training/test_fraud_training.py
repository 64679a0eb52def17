"""The fraud model is what the training makes, and its card says what it is worth."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest

from commerce.fraud import Features
from training.fraud import CARD, MODEL, REFUSE, REVIEW, card, fit, train
from training.fraud_data import NAMES, generate


@pytest.fixture(scope="module")
def trained() -> tuple[dict[str, object], list[object], float]:
    model, qualities, area = train()
    return model, list(qualities), area


def test_the_model_in_the_repository_is_what_the_training_makes(trained) -> None:  # type: ignore[no-untyped-def]
    kept = json.loads(MODEL.read_text())
    model = trained[0]
    assert kept["version"] == model["version"]
    assert kept["intercept"] == pytest.approx(model["intercept"], abs=1e-4)
    for part in ("coefficients", "means", "scales"):
        assert kept[part] == pytest.approx(model[part], abs=1e-4), f"run: python -m training.fraud ({part})"


def test_the_card_in_the_repository_is_the_models(trained) -> None:  # type: ignore[no-untyped-def]
    assert CARD.read_text() == card(*trained), "run: python -m training.fraud"


def test_what_is_refused_is_nearly_always_a_fraud_and_reviews_are_few(trained) -> None:  # type: ignore[no-untyped-def]
    by_threshold = {one.threshold: one for one in trained[1]}
    assert by_threshold[REFUSE].precision > 0.98
    assert by_threshold[REVIEW].precision > 0.85
    assert by_threshold[REVIEW].recall > 0.7
    assert by_threshold[REVIEW].flagged < 0.03


def test_generated_orders_are_possible_ones() -> None:
    orders = generate(5_000)
    assert [field.name for field in fields(Features)] == list(NAMES)
    assert (orders.rows >= 0).all()
    columns = dict(zip(NAMES, orders.rows.T, strict=True))
    assert (columns["sellers"] <= columns["units"]).all()
    assert columns["orders_last_hour"].min() == 1
    assert orders.fraud.sum() == 100
    assert (generate(5_000).rows == orders.rows).all(), "the same seed gives the same orders"


def test_the_fit_finds_the_coefficients_that_made_the_data() -> None:
    source = np.random.default_rng(1)
    rows = source.normal(size=(40_000, 2))
    truth = np.array([-1.0, 2.0, -0.5])
    fraud = (source.random(40_000) < 1 / (1 + np.exp(-(truth[0] + rows @ truth[1:])))).astype(float)
    assert fit(rows, fraud) == pytest.approx(truth, abs=0.08)
