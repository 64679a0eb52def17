"""The scorer's composition root."""

from __future__ import annotations

from fastapi import FastAPI

from services.http.problems import RESPONSES, install_problem_handlers
from services.http.trace import UNRECORDED_BY_FRAMEWORK, TraceMiddleware
from services.scorer.endpoints import router
from services.scorer.schemas import read_model
from services.scorer.settings import ScorerSettings


def create_app(settings: ScorerSettings) -> FastAPI:
    """The scorer's application. Only the platform that runs the container can call it, so it asks for no token.

    Raises OSError and ValidationError for a file that is no model: a scorer without one does not start.
    """
    app = FastAPI(
        title="Fraud scorer",
        description="The probability that an order is fraudulent",
        responses=RESPONSES,
        docs_url=None,
        redoc_url=None,
        telemetry=UNRECORDED_BY_FRAMEWORK,
    )
    app.state.dependencies = read_model(settings.model_file)
    app.add_middleware(TraceMiddleware)
    install_problem_handlers(app)
    app.include_router(router)
    return app
