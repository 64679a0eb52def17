"""The FastAPI application that every service builds on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, FastAPI, Request

from services.http.attention import Attention, AttentionMiddleware
from services.http.health import Checks, health_router
from services.http.identity import install_verifier
from services.http.problems import RESPONSES, install_problem_handlers
from services.http.tokens import TokenVerifier
from services.http.trace import UNRECORDED_BY_FRAMEWORK, TraceMiddleware

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_app(
    *,
    title: str,
    description: str,
    lifespan: Lifespan,
    routers: tuple[APIRouter, ...],
    checks: Callable[[Request], Checks],
    verifier: TokenVerifier,
    outages: tuple[type[Exception], ...] = (),
    attention: Attention | None = None,
) -> FastAPI:
    """An application with verified callers, problem details, trace ids, health routes and an OpenAPI document
    (`/openapi.json`). Requests wake the `attention` of what else the process does.

    The interactive documentation pages are left out: they load scripts from a foreign server.
    """
    app = FastAPI(
        title=title,
        description=description,
        lifespan=lifespan,
        responses=RESPONSES,
        docs_url=None,
        redoc_url=None,
        telemetry=UNRECORDED_BY_FRAMEWORK,
    )
    app.add_middleware(TraceMiddleware)
    if attention is not None and attention.quiet_seconds:
        app.add_middleware(AttentionMiddleware, attention=attention)
    install_verifier(app, verifier)
    install_problem_handlers(app, outages)
    for router in routers:  # first, because they are asked most
        app.include_router(router)
    app.include_router(health_router(lambda request: {**checks(request), "signing-keys": verifier.check}))
    return app
