"""Trains the fraud model: `python -m training.fraud` writes the model and its card.

A logistic regression is fitted by Newton's method to seven orders in ten; the card is measured on the others.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from training.fraud_data import FRAUD_SHARE, NAMES, SEED, Table, generate

ROOT: Final = Path(__file__).resolve().parent.parent
MODEL: Final = ROOT / "services" / "scorer" / "model.json"
CARD: Final = ROOT / "docs" / "fraud-model.md"
VERSION: Final = "generated-1"
ORDERS: Final = 60_000
TRAINED: Final = 0.7
REVIEW: Final = 0.5
REFUSE: Final = 0.97
"""The defaults of the stack's thresholds, which the card is about."""
_RIDGE: Final = 1.0
_ROUNDS: Final = 25
_THRESHOLDS: Final = (0.05, 0.1, 0.2, 0.3, 0.4, REVIEW, 0.6, 0.7, 0.8, 0.9, 0.95, REFUSE, 0.99)


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How a threshold does on orders that the model has not seen. `flagged` is the share of all orders at or above."""

    threshold: float
    precision: float
    recall: float
    flagged: float


def train(orders: int = ORDERS, seed: int = SEED) -> tuple[dict[str, object], list[Quality], float]:
    """The model as its file has it, the quality of each threshold, and the area under the ROC curve."""
    data = generate(orders, seed)
    cut = int(orders * TRAINED)
    logarithms = np.log1p(data.rows)
    means, scales = logarithms[:cut].mean(axis=0), logarithms[:cut].std(axis=0)
    scaled = (logarithms - means) / scales
    weights = fit(scaled[:cut], data.fraud[:cut])
    scores = _logistic(_with_ones(scaled[cut:]) @ weights)
    truth = data.fraud[cut:]
    model = {
        "version": VERSION,
        "intercept": _rounded(weights[0]),
        "coefficients": dict(zip(NAMES, map(_rounded, weights[1:]), strict=True)),
        "means": dict(zip(NAMES, map(_rounded, means), strict=True)),
        "scales": dict(zip(NAMES, map(_rounded, scales), strict=True)),
    }
    return model, [_quality(scores, truth, threshold) for threshold in _THRESHOLDS], _area(scores, truth)


def fit(scaled: Table, fraud: Table) -> Table:
    """Intercept and coefficients of the most likely model, with a small penalty on large coefficients."""
    rows = _with_ones(scaled)
    penalty = np.diag([0.0] + [_RIDGE] * scaled.shape[1])
    weights = np.zeros(rows.shape[1])
    for _ in range(_ROUNDS):
        probability = _logistic(rows @ weights)
        gradient = rows.T @ (fraud - probability) - penalty @ weights
        curvature = (rows * (probability * (1 - probability))[:, None]).T @ rows + penalty
        weights = weights + np.linalg.solve(curvature, gradient)
    return weights


def card(model: dict[str, object], qualities: list[Quality], area: float) -> str:
    """The model card, as Markdown."""
    table = "\n".join(
        f"| {one.threshold:.2f} | {one.precision:.3f} | {one.recall:.3f} | {one.flagged:.2%} |" for one in qualities
    )
    coefficients = model["coefficients"]
    assert isinstance(coefficients, dict)  # noqa: S101 - `train` made it
    weights = "\n".join(f"| `{name}` | {weight:+.3f} |" for name, weight in coefficients.items())
    return f"""# The fraud model `{model["version"]}`

`python -m training.fraud` writes this page and `services/scorer/model.json`.

**What it does.** It gives the probability that an order is fraudulent, from nine numbers of the order, of its buyer's
history and of how fast the buyer orders. From {REVIEW} on an order waits for an administrator, from {REFUSE} on it is
refused. Both are settings of the stack (`fraudReviewFrom`, `fraudRefuseFrom`).

**What it is.** A logistic regression over the logarithms of the features, each centered and scaled. Its coefficients
are a JSON file, so scoring needs no library, and an administrator is told what raised a score.

**What it was trained on.** {ORDERS:,} generated orders (seed {SEED}), {FRAUD_SHARE:.0%} of them frauds. {TRAINED:.0%}
were for training. `training/fraud_data.py` says what was assumed of honest buyers and of frauds. It has never seen a
real order: the numbers below say how well it finds the frauds that were imagined, and nothing about real ones. Train it
on chargebacks as soon as there are some, and let `review` be a human's decision until then.

**What it does not see.** Names, addresses, devices, cards: the scorer gets counts and amounts only. The age of an
account is counted from its first order.

**Quality** on the {1 - TRAINED:.0%} of the orders that it was not trained on. Area under the ROC curve: {area:.4f}.

| From | Precision | Recall | Orders at or above |
| ---: | ---: | ---: | ---: |
{table}

**Coefficients** per standard deviation of a feature's logarithm.

| Feature | Coefficient |
| --- | ---: |
{weights}
"""


def _quality(scores: Table, truth: Table, threshold: float) -> Quality:
    flagged = scores >= threshold
    found = float(truth[flagged].sum())
    return Quality(
        threshold=threshold,
        precision=found / max(1, int(flagged.sum())),
        recall=found / float(truth.sum()),
        flagged=float(flagged.mean()),
    )


def _area(scores: Table, truth: Table) -> float:
    """The chance that a fraud scores higher than an honest order."""
    ranks = scores.argsort().argsort() + 1
    frauds = float(truth.sum())
    return float((ranks[truth == 1].sum() - frauds * (frauds + 1) / 2) / (frauds * (len(truth) - frauds)))


def _with_ones(scaled: Table) -> Table:
    return np.column_stack([np.ones(len(scaled)), scaled])


def _logistic(values: Table) -> Table:
    return 1 / (1 + np.exp(-np.clip(values, -700, 700)))


def _rounded(value: float) -> float:
    return round(float(value), 6)


def main() -> None:
    model, qualities, area = train()
    MODEL.write_text(json.dumps(model, indent=2) + "\n", encoding="utf-8")
    CARD.write_text(card(model, qualities, area), encoding="utf-8")


if __name__ == "__main__":
    main()
