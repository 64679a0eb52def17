"""The saga function's own settings; its links to the order database and the carts have theirs."""

from __future__ import annotations

from commerce.fraud import Thresholds
from functions.settings import FunctionSettings


class SagaSettings(FunctionSettings):
    """`STRIPE_SECRET`: the secret that holds the payment processor's key, read with this function's own identity.
    `FRAUD_SCORER`: the scorer's id. `FRAUD_REVIEW_FROM`, `FRAUD_REFUSE_FROM`: from which probability of fraud an order
    is reviewed and refused."""

    stripe_secret: str
    fraud_scorer: str
    fraud_review_from: float
    fraud_refuse_from: float

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(review=self.fraud_review_from, refuse=self.fraud_refuse_from)
