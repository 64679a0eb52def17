"""Generated orders to train the fraud model on: honest buyers and frauds that overlap, from a fixed seed.

There is no real data yet. What is assumed of honest buyers and of frauds is written here, where it can be argued with;
once chargebacks are known, the training takes those instead.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from commerce.fraud import Features

NAMES: Final = tuple(field.name for field in fields(Features))
FRAUD_SHARE: Final = 0.02
SEED: Final = 20261128
Table = np.ndarray


@dataclass(frozen=True, kw_only=True)
class Orders:
    """`rows` has one order per row and one feature per column, in the order of `NAMES`; `fraud` is 1 for a fraud."""

    rows: Table
    fraud: Table


def generate(orders: int, seed: int = SEED) -> Orders:
    """So many orders, of which `FRAUD_SHARE` are frauds."""
    source = np.random.default_rng(seed)
    frauds = int(orders * FRAUD_SHARE)
    rows = np.vstack([_honest(source, orders - frauds), _fraudulent(source, frauds)])
    labels = np.concatenate([np.zeros(orders - frauds), np.ones(frauds)])
    shuffled = source.permutation(orders)
    return Orders(rows=rows[shuffled], fraud=labels[shuffled])


def _honest(source: np.random.Generator, count: int) -> Table:
    """New buyers, regulars, and a few in a rush before a holiday; some mistype a card or are declined."""
    known = source.random(count) < 0.55
    rushing = source.random(count) < 0.04
    age = np.where(known, source.exponential(200, count), 0)
    hour = 1 + source.poisson(np.where(rushing, 2.5, 0.12))
    return _table(
        amount=source.lognormal(np.log(4_500), 0.9, count),
        units=1 + source.poisson(0.8, count),
        sellers=1 + source.binomial(2, 0.2, count),
        account_age_days=age,
        paid_orders=np.where(known, 1 + source.poisson(age / 40), 0),
        failed_orders=source.poisson(0.12, count),
        orders_last_hour=hour,
        orders_before=source.poisson(np.where(rushing, 1.5, 0.25)),
        cards_last_day=1 + source.binomial(1, 0.05, count),
    )


def _fraudulent(source: np.random.Generator, count: int) -> Table:
    """Card testers, buyers of what sells again quickly, and a third in stolen accounts that look like regulars."""
    stolen = source.random(count) < 0.33
    testing = (source.random(count) < 0.4) & ~stolen
    age = np.where(stolen, source.exponential(150, count), source.exponential(0.3, count))
    hour = 1 + source.poisson(np.where(testing, 6, 1.2))
    return _table(
        amount=source.lognormal(np.where(testing, np.log(2_500), np.log(32_000)), 0.8, count),
        units=1 + source.poisson(2.2, count),
        sellers=1 + source.binomial(4, 0.35, count),
        account_age_days=age,
        paid_orders=np.where(stolen, source.poisson(2.5, count), source.binomial(2, 0.2, count)),
        failed_orders=source.poisson(np.where(testing, 4, 0.7)),
        orders_last_hour=hour,
        orders_before=source.poisson(1.5, count),
        cards_last_day=1 + source.poisson(np.where(testing, 3, 0.5)),
    )


def _table(**columns: Table) -> Table:
    columns["amount"] = np.clip(np.round(columns["amount"]), 50, 99_999_999)
    columns["sellers"] = np.minimum(columns["sellers"], columns["units"])
    return np.column_stack([columns[name] for name in NAMES]).astype(float)
