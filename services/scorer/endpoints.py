"""The scorer's routes, which are those of a SageMaker container: `/ping` and `/invocations`."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.scorer.dependencies import ModelDependency
from services.scorer.schemas import FeaturesBody, ScoreBody

router = APIRouter(tags=["scorer"])


@router.get("/ping", summary="Is the model loaded?", response_class=Response)
async def ping(_: ModelDependency) -> Response:
    return Response(status_code=200)


@router.post("/invocations", summary="The probability of fraud")
async def invoke(model: ModelDependency, body: FeaturesBody) -> ScoreBody:
    return ScoreBody.of(model.score(body.features))
