"""What the scorer is sent and answers, and the file of its model."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from commerce.fraud import Features, Model, Score
from services.http.edge import Body

_MOST = 2**53
"""Whole numbers up to this one are exact as the floats that the model computes with."""


class FeaturesBody(Body):
    """The features of an order. `amount` is in minor units, `account_age_days` since the buyer's first order."""

    amount: int = Field(ge=0, le=_MOST)
    units: int = Field(ge=0, le=_MOST)
    sellers: int = Field(ge=0, le=_MOST)
    account_age_days: float = Field(ge=0, le=_MOST, allow_inf_nan=False)
    paid_orders: int = Field(ge=0, le=_MOST)
    failed_orders: int = Field(ge=0, le=_MOST)
    orders_last_hour: int = Field(ge=0, le=_MOST)
    orders_before: int = Field(ge=0, le=_MOST)
    cards_last_day: int = Field(ge=0, le=_MOST)

    @property
    def features(self) -> Features:
        return Features(**self.model_dump())


class ScoreBody(BaseModel):
    """The probability of fraud, the model that gave it, and the features that raised it most."""

    probability: float
    model: str
    reasons: list[str]

    @classmethod
    def of(cls, score: Score) -> ScoreBody:
        return cls(probability=score.probability, model=score.model, reasons=list(score.reasons))


class ModelFile(BaseModel):
    """The JSON file that the training writes."""

    model_config = ConfigDict(extra="forbid")

    version: str
    intercept: float
    coefficients: dict[str, float]
    means: dict[str, float]
    scales: dict[str, float]


def read_model(file: Path) -> Model:
    """Raises OSError and ValidationError for a file that is no model."""
    return Model(**ModelFile.model_validate_json(file.read_bytes()).model_dump())
