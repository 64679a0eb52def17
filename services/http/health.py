"""Liveness (`/healthz`: this process runs) and readiness (`/readyz`: what it depends on answers)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from services.http.problems import problem

Check = Callable[[], Awaitable[object]]
Checks = Mapping[str, Check]

CHECK_TIMEOUT_SECONDS = 2.0
ALIVE, READY = PATHS = ("/healthz", "/readyz")
_OK = "ok"
_log = logging.getLogger(__name__)


def health_router(checks: Callable[[Request], Checks]) -> APIRouter:
    """The two routes; `checks` finds what the running application depends on."""
    router = APIRouter(tags=["health"])

    @router.get(ALIVE, summary="Is this process alive?")
    async def healthz() -> dict[str, str]:
        return {"status": _OK}

    @router.get(READY, summary="Does everything this service depends on answer?")
    async def readyz(request: Request) -> JSONResponse:
        named = checks(request)
        answers = await asyncio.gather(*(_run(name, check) for name, check in named.items()))
        results: dict[str, Any] = dict(zip(named, answers, strict=True))
        failed = [name for name, answer in results.items() if answer != _OK]
        if not failed:
            return JSONResponse({"status": "ready", "checks": results})
        return problem(
            request,
            status=503,
            code="not-ready",
            title="Not ready",
            detail=f"No answer from: {', '.join(failed)}.",
            members={"checks": results},
        )

    return router


async def _run(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            await check()
    except Exception as error:  # whatever a dependency raises, the answer is the same: not ready
        _log.warning("dependency is not ready", extra={"dependency": name, "error": repr(error)})
        return type(error).__name__
    return _OK
