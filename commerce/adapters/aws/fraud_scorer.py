"""The fraud scorer behind a SageMaker endpoint."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

from botocore import exceptions
from botocore.config import Config

from commerce.adapters.aws.session import CONFIG, session
from commerce.errors import InvalidRequest
from commerce.fraud import Features, Score, ScorerUnavailable

# A buyer waits for the order, and the rules are there: one attempt, and a short one. A serverless endpoint that was
# idle takes longer to start than that.
_PATIENCE = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 1})
_JSON = "application/json"


class SageMakerScorer:
    """`commerce.ports.FraudScorer` over the endpoint `name`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._client = session().client("sagemaker-runtime", config=CONFIG.merge(_PATIENCE))

    async def score(self, features: Features) -> Score:
        return await asyncio.to_thread(self._score, json.dumps(asdict(features)))

    def _score(self, body: str) -> Score:
        try:
            answer = self._client.invoke_endpoint(EndpointName=self._name, Body=body, ContentType=_JSON, Accept=_JSON)[
                "Body"
            ].read()
            score = json.loads(answer)
            return Score(probability=score["probability"], model=score["model"], reasons=tuple(score["reasons"]))
        except (exceptions.BotoCoreError, exceptions.ClientError) as error:
            raise ScorerUnavailable(f"The endpoint {self._name} gave no score: {error}") from error
        except (ValueError, KeyError, TypeError, InvalidRequest) as unreadable:
            raise ScorerUnavailable(
                f"The endpoint {self._name} did not answer with a score: {unreadable!r}"
            ) from unreadable
