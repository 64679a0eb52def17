"""From what is known of an order to a decision."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from fraud_samples import MODEL, ORDINARY, assessed
from hypothesis import given
from hypothesis import strategies as st
from order_cases import orders, shops

from commerce.errors import InvalidRequest
from commerce.fraud import (
    FAILED_ORDERS,
    HASTY_ORDERS,
    LARGE_FIRST_ORDER,
    TESTED_CARDS,
    Decider,
    Decision,
    Features,
    History,
    Pace,
    Score,
    Thresholds,
    Verdict,
    by_model,
    by_rules,
    features,
)
from commerce.orders import Order

THRESHOLDS = Thresholds(review=0.5, refuse=0.9)
any_features = st.builds(
    Features,
    **{field.name: st.integers(0, 10**9) for field in fields(Features) if field.name != "account_age_days"},
    account_age_days=st.floats(0, 1e5),
)


@given(seen=any_features)
def test_a_probability_is_one_whatever_is_seen(seen: Features) -> None:
    score = MODEL.score(seen)
    assert 0 <= score.probability <= 1
    assert score.model == "sample"


@given(seen=any_features, more=st.integers(1, 1000))
def test_more_of_what_is_suspicious_never_lowers_the_score(seen: Features, more: int) -> None:
    worse = replace(seen, failed_orders=seen.failed_orders + more)
    assert MODEL.score(worse).probability >= MODEL.score(seen).probability
    if worse.failed_orders:
        assert "failed_orders" in MODEL.score(worse).reasons


def test_the_score_is_the_logistic_of_the_weighted_logarithms() -> None:
    seen = replace(ORDINARY, failed_orders=2, paid_orders=1)
    value = -3.0 + 4.0 * math.log1p(2) - 1.0 * math.log1p(1)
    assert MODEL.score(seen).probability == pytest.approx(1 / (1 + math.exp(-value)))
    assert MODEL.score(seen).reasons == ("failed_orders",), "what lowers the score is no reason"


@pytest.mark.parametrize(
    ("probability", "decision"),
    [(0.0, "allow"), (0.4999, "allow"), (0.5, "review"), (0.8999, "review"), (0.9, "refuse"), (1.0, "refuse")],
)
def test_a_threshold_itself_counts_as_reached(probability: float, decision: str) -> None:
    assessment = by_model(ORDINARY, Score(probability=probability, model="m"), THRESHOLDS)
    assert (assessment.decision, assessment.decided_by) == (decision, Decider.MODEL)
    assert (assessment.score, assessment.model) == (probability, "m")


@pytest.mark.parametrize(("review", "refuse"), [(0.0, 0.5), (0.6, 0.5), (0.5, 1.1), (math.nan, 0.5)])
def test_thresholds_that_decide_nothing_are_refused(review: float, refuse: float) -> None:
    with pytest.raises(InvalidRequest, match="Thresholds are"):
        Thresholds(review=review, refuse=refuse)


@pytest.mark.parametrize("probability", [-0.1, 1.1, math.nan])
def test_a_score_that_is_no_probability_is_refused(probability: float) -> None:
    with pytest.raises(InvalidRequest, match="between 0 and 1"):
        Score(probability=probability, model="m")


@pytest.mark.parametrize(
    ("seen", "decision", "reasons"),
    [
        (ORDINARY, "allow", ()),
        (replace(ORDINARY, orders_last_hour=HASTY_ORDERS - 1), "allow", ()),
        (replace(ORDINARY, orders_last_hour=HASTY_ORDERS), "review", ("orders_last_hour",)),
        (replace(ORDINARY, failed_orders=FAILED_ORDERS), "review", ("failed_orders",)),
        (replace(ORDINARY, amount=LARGE_FIRST_ORDER), "review", ("amount",)),
        (replace(ORDINARY, amount=LARGE_FIRST_ORDER, paid_orders=1), "allow", ()),
        (replace(ORDINARY, cards_last_day=TESTED_CARDS), "refuse", ("cards_last_day",)),
        (replace(ORDINARY, cards_last_day=TESTED_CARDS, orders_last_hour=HASTY_ORDERS), "refuse", ("cards_last_day",)),
    ],
)
def test_without_a_model_the_rules_decide_and_say_why(seen: Features, decision: str, reasons: tuple[str, ...]) -> None:
    assessment = by_rules(seen)
    assert (assessment.decision, assessment.reasons) == (decision, reasons)
    assert (assessment.decided_by, assessment.score, assessment.model) == (Decider.RULES, None, None)


@given(order=shops().flatmap(orders))
def test_features_are_numbers_of_the_order_and_its_buyer_and_no_names(order: Order) -> None:
    first = order.accepted_at - timedelta(days=3)
    history = History(first_order_at=first, paid_orders=2, failed_orders=1)
    seen = features(order, history, Pace(orders_last_hour=2, orders_last_day=5, cards_last_day=3))
    assert (seen.amount, seen.units) == (order.total.amount, sum(line.quantity for line in order.lines))
    assert seen.sellers == len({line.seller_id for line in order.lines})
    assert (seen.account_age_days, seen.paid_orders, seen.failed_orders) == (3.0, 2, 1)
    assert (seen.orders_last_hour, seen.orders_before, seen.cards_last_day) == (2, 3, 3)
    assert all(type(getattr(seen, field.name)) in (int, float) for field in fields(seen))


@given(order=shops().flatmap(orders))
def test_a_new_buyer_has_no_age(order: Order) -> None:
    pace = Pace(orders_last_hour=1, orders_last_day=1, cards_last_day=1)
    assert features(order, History(), pace).account_age_days == 0


@pytest.mark.parametrize(("approved", "outcome"), [(True, "allow"), (False, "refuse")])
def test_a_verdict_takes_the_place_of_a_review(approved: bool, outcome: str) -> None:
    under_review = assessed(Decision.REVIEW)
    assert under_review.outcome == "review"
    verdict = Verdict(approved=approved, actor_id="ann", reason="called her", given_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert replace(under_review, verdict=verdict).outcome == outcome
