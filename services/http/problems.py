"""Errors as problem details (RFC 9457, `application/problem+json`)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from commerce.adapters.telemetry import trace_id
from commerce.errors import MarketplaceError

_log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


class HttpError(MarketplaceError):
    """An error that HTTP reports with headers of its own."""

    headers: ClassVar[Mapping[str, str]]


class Problem(BaseModel):
    """The members that every problem has; a business error adds the ids it is about."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    trace_id: str | None = None


RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {"description": "A problem", "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}}
}


class ProblemResponse(JSONResponse):
    """A JSON response with the media type of problem details."""

    media_type = MEDIA_TYPE


def problem(
    request: Request,
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> ProblemResponse:
    """Builds a problem; `code` is its kebab-case name, `members` what it adds to the standard ones."""
    body = dict(members or {}) | {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
        "trace_id": trace_id(),
    }
    return ProblemResponse(body, status_code=status, headers=headers)


def install_problem_handlers(app: FastAPI, outages: tuple[type[Exception], ...] = ()) -> None:
    """Turns business errors, invalid requests, unknown addresses and unexpected errors into problems.

    `outages` are the errors by which the stores' clients say that a store does not answer: 503, worth another try.
    """

    @app.exception_handler(MarketplaceError)
    async def business_error(request: Request, error: MarketplaceError) -> ProblemResponse:
        return problem(
            request,
            status=error.status,
            code=error.code,
            title=error.title,
            detail=error.detail,
            members=error.context,
            headers=error.headers if isinstance(error, HttpError) else None,
        )

    @app.exception_handler(RequestValidationError)
    async def invalid_request(request: Request, error: RequestValidationError) -> ProblemResponse:
        return problem(
            request,
            status=422,
            code="invalid-request",
            title="The request is not valid",
            detail="; ".join(f"{_place(one['loc'])}: {one['msg']}" for one in error.errors()),
            members={"errors": [{"pointer": _pointer(one["loc"]), "detail": one["msg"]} for one in error.errors()]},
        )

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> ProblemResponse:
        phrase = HTTPStatus(error.status_code).phrase
        return problem(
            request,
            status=error.status_code,
            code=phrase.lower().replace(" ", "-"),
            title=phrase,
            detail=f"{request.method} {request.url.path}: {error.detail}",
            headers=error.headers,
        )

    async def outage(request: Request, error: Exception) -> ProblemResponse:
        _log.error("a store does not answer", extra={"error": repr(error)})
        return problem(
            request,
            status=503,
            code="store-unavailable",
            title="A store does not answer",
            detail="The request was not completed, because a store that it needs does not answer. Try again.",
            headers={"retry-after": "1"},
        )

    for kind in outages:
        app.add_exception_handler(kind, outage)

    # The server logs the traceback: the framework raises the error again once this response is sent.
    @app.exception_handler(Exception)
    async def fault(request: Request, _error: Exception) -> ProblemResponse:
        return problem(
            request,
            status=500,
            code="internal-error",
            title="Something went wrong on our side",
            detail="The request was not completed. Trying again later may help; the trace id leads to the log.",
        )


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(_storable(part) for part in location)


def _pointer(location: tuple[int | str, ...]) -> str:
    """A JSON Pointer into the part of the request that is wrong: `#/body/quantity`."""
    return "#/" + "/".join(_storable(part).replace("~", "~0").replace("/", "~1") for part in location)


def _storable(part: int | str) -> str:
    """A member's name. Half a surrogate pair, which UTF-8 cannot encode, becomes a question mark."""
    return str(part).encode("utf-8", "replace").decode()
