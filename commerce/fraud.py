"""Fraud: what is looked at, how it becomes a score, and what follows from it.

A model gives the probability that an order is fraudulent; two thresholds make a decision of it. Where the model does
not answer in time, a few rules decide, and the assessment says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from commerce.errors import InvalidRequest, MarketplaceError
from commerce.orders import Order

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FAILURES_WINDOW = timedelta(days=30)
TESTED_CARDS = 4
"""So many cards of one buyer in a day: somebody tries stolen numbers."""
HASTY_ORDERS = 10
"""So many orders of one buyer in an hour are looked at by a human."""
FAILED_ORDERS = 8
LARGE_FIRST_ORDER = 100_000
"""In minor units: a first order of so much is looked at by a human."""
_REASONS = 3


class Decision(StrEnum):
    """allow: the order goes on. review: it waits until an administrator decides. refuse: it fails."""

    ALLOW = "allow"
    REVIEW = "review"
    REFUSE = "refuse"


class Decider(StrEnum):
    """Who came to a decision: the model, or the rules because the model did not answer."""

    MODEL = "model"
    RULES = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the marketplace knew of a buyer before this order. `first_order_at` is null before the first one."""

    first_order_at: datetime | None = None
    paid_orders: int = 0
    failed_orders: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast a buyer orders, this order included: orders of the last hour and day, cards used in that day."""

    orders_last_hour: int
    orders_last_day: int
    cards_last_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What the model and the rules see of an order: numbers, and nothing that names a person.

    `amount` is in minor units, `account_age_days` since the buyer's first order, `failed_orders` of the last 30 days,
    `orders_before` those of the last day before the last hour.
    """

    amount: int
    units: int
    sellers: int
    account_age_days: float
    paid_orders: int
    failed_orders: int
    orders_last_hour: int
    orders_before: int
    cards_last_day: int

    def values(self) -> dict[str, float]:
        """The features by their names."""
        return asdict(self)

    def logarithms(self) -> dict[str, float]:
        """The features as the model takes them: amounts and counts matter by their order of magnitude."""
        return {name: math.log1p(value) for name, value in self.values().items()}


def features(order: Order, history: History, pace: Pace) -> Features:
    """The features of an order at the time when it was accepted."""
    age = timedelta(0) if history.first_order_at is None else order.accepted_at - history.first_order_at
    return Features(
        amount=order.total.amount,
        units=sum(order.quantities.values()),
        sellers=len(order.sellers),
        account_age_days=max(0.0, age / DAY),
        paid_orders=history.paid_orders,
        failed_orders=history.failed_orders,
        orders_last_hour=pace.orders_last_hour,
        orders_before=pace.orders_last_day - pace.orders_last_hour,
        cards_last_day=pace.cards_last_day,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A model's answer: the probability of fraud, which model, and what raised the score most."""

    probability: float
    model: str
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise InvalidRequest(f"A probability is between 0 and 1, not {self.probability}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A logistic regression over the logarithms of the features, each of them centered and scaled."""

    version: str
    intercept: float
    coefficients: Mapping[str, float]
    means: Mapping[str, float]
    scales: Mapping[str, float]

    def score(self, seen: Features) -> Score:
        logarithms = seen.logarithms()
        parts = {
            name: weight * (logarithms[name] - self.means[name]) / self.scales[name]
            for name, weight in self.coefficients.items()
        }
        raised = sorted((name for name, part in parts.items() if part > 0), key=lambda name: (-parts[name], name))
        return Score(
            probability=_logistic(self.intercept + sum(parts.values())),
            model=self.version,
            reasons=tuple(raised[:_REASONS]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which probability on an order is reviewed, and from which it is refused."""

    review: float
    refuse: float

    def __post_init__(self) -> None:
        if not 0 < self.review <= self.refuse <= 1:
            raise InvalidRequest(
                f"Thresholds are 0 < review <= refuse <= 1, not review={self.review} and refuse={self.refuse}."
            )

    def decide(self, probability: float) -> Decision:
        if probability >= self.refuse:
            return Decision.REFUSE
        return Decision.REVIEW if probability >= self.review else Decision.ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an administrator made of an order under review: whether it may go on, and why."""

    approved: bool
    actor_id: str
    reason: str
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What was decided about an order, by whom, and why. `score` and `model` are null when the rules decided.

    `verdict` is null until an administrator has looked at an order under review.
    """

    decision: Decision
    decided_by: Decider
    reasons: tuple[str, ...]
    features: Features
    score: float | None = None
    model: str | None = None
    verdict: Verdict | None = None

    @property
    def outcome(self) -> Decision:
        """What becomes of the order now: an administrator's verdict takes the place of a review."""
        if self.verdict is None:
            return self.decision
        return Decision.ALLOW if self.verdict.approved else Decision.REFUSE


def by_model(seen: Features, score: Score, thresholds: Thresholds) -> Assessment:
    return Assessment(
        decision=thresholds.decide(score.probability),
        decided_by=Decider.MODEL,
        reasons=score.reasons,
        features=seen,
        score=score.probability,
        model=score.model,
    )


def by_rules(seen: Features) -> Assessment:
    """The decision without a model: only what is plain is refused, only what is large or hasty reviewed."""
    decision, reasons = Decision.ALLOW, []
    if seen.orders_last_hour >= HASTY_ORDERS:
        reasons.append("orders_last_hour")
    if seen.failed_orders >= FAILED_ORDERS:
        reasons.append("failed_orders")
    if seen.paid_orders == 0 and seen.amount >= LARGE_FIRST_ORDER:
        reasons.append("amount")
    if reasons:
        decision = Decision.REVIEW
    if seen.cards_last_day >= TESTED_CARDS:
        decision, reasons = Decision.REFUSE, ["cards_last_day"]
    return Assessment(decision=decision, decided_by=Decider.RULES, reasons=tuple(reasons), features=seen)


def _logistic(value: float) -> float:
    if value < 0:  # exp of a large positive number overflows
        return math.exp(value) / (1 + math.exp(value))
    return 1 / (1 + math.exp(-value))


class ScorerUnavailable(MarketplaceError):
    """The scorer did not answer in time, or not with a score. The rules decide instead."""

    status = 503
    code = "scorer-unavailable"
    title = "The fraud scorer does not answer"


class FraudRefused(MarketplaceError):
    """The order looks fraudulent: it fails and nothing is charged. The reasons are for administrators only."""

    status = 402
    code = "fraud-refused"
    title = "The order was refused"

    def __init__(self, order_id: str) -> None:
        super().__init__(f"Order {order_id} was refused. Nothing was charged.", order_id=order_id)
        self.order_id = order_id
