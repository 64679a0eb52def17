"""A small fraud model and the features of an ordinary order."""

from __future__ import annotations

from dataclasses import fields

from commerce.fraud import Assessment, Decider, Decision, Features, Model

NAMES = tuple(field.name for field in fields(Features))
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
# Only failed orders count, and each makes fraud more likely.
MODEL = Model(
    version="sample",
    intercept=-3.0,
    coefficients=dict.fromkeys(NAMES, 0.0) | {"failed_orders": 4.0, "paid_orders": -1.0},
    means=dict.fromkeys(NAMES, 0.0),
    scales=dict.fromkeys(NAMES, 1.0),
)


def assessed(decision: Decision) -> Assessment:
    return Assessment(
        decision=decision,
        decided_by=Decider.MODEL,
        reasons=("amount",),
        features=ORDINARY,
        score=0.7,
        model="sample",
    )
