from __future__ import annotations

from commerce.fraud import Features, Model, Score, ScorerUnavailable


class MemoryScorer:
    """`commerce.ports.FraudScorer` with a model in this process; without one it is unavailable."""

    def __init__(self, model: Model | None = None) -> None:
        self.model = model

    async def score(self, features: Features) -> Score:
        if self.model is None:
            raise ScorerUnavailable("There is no model in this process.")
        return self.model.score(features)
