"""The routes file, and which route of an HTTP API a request belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

CLAIMS = "$context.authorizer.claims."
CLAIM_NAME = re.compile(r"[A-Za-z0-9._-]+")
"""What a mapping can name: API Gateway refuses an expression with any other character, such as a colon."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HeaderMapping(_Part):
    """A request parameter mapping of an integration, such as `overwrite:header.x-user-id`.

    `value` is a literal or `$context.authorizer.claims.<claim>`.
    """

    action: Literal["append", "overwrite", "remove"]
    header: str
    value: str = ""

    @field_validator("value")
    @classmethod
    def _is_understood(cls, value: str) -> str:
        if value.startswith("$") and not value.startswith(CLAIMS):
            raise ValueError(f"{value} is not supported here: use a literal or {CLAIMS}<claim>")
        if value.startswith(CLAIMS) and not CLAIM_NAME.fullmatch(value.removeprefix(CLAIMS)):
            raise ValueError(
                f"API Gateway refuses {value}: it takes letters, digits, `.`, `_` and `-` in a claim's name"
            )
        return value


class Throttle(_Part):
    """Requests per second in the long run, and how many may come at once."""

    rate: float = Field(gt=0)
    burst: int = Field(gt=0)


class Authorizer(_Part):
    """A JWT authorizer. `jwks_url` is where this machine serves the keys of `issuer`."""

    issuer: str
    audience: tuple[str, ...]
    jwks_url: str


class Cors(_Part):
    """The API's CORS configuration; without it the services answer for themselves."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age_seconds: int | None = None


class Route(_Part):
    """One route: `path` as API Gateway writes it (`/orders/{id}`, `/catalog/{proxy+}`), or `$default`."""

    method: str
    path: str
    target: str
    """Base URL of the process that answers."""
    authorizer: str | None = None
    scopes: tuple[str, ...] = ()
    headers: tuple[HeaderMapping, ...] = ()
    throttle: Throttle | None = None
    timeout_seconds: float = Field(default=30.0, gt=0)


class RouteTable(_Part):
    """Everything that the gateway serves."""

    routes: tuple[Route, ...]
    authorizers: dict[str, Authorizer] = {}
    throttle: Throttle | None = None
    """Of the stage: each route without a throttle of its own has one such bucket for itself."""
    cors: Cors | None = None

    @classmethod
    def load(cls, file: Path) -> RouteTable:
        return cls.model_validate_json(file.read_bytes())


@dataclass(frozen=True, kw_only=True)
class _Compiled:
    route: Route
    pattern: re.Pattern[str]
    rank: tuple[object, ...]


class Router:
    """Chooses as API Gateway does: literal segments before parameters before `{proxy+}` before `$default`."""

    def __init__(self, table: RouteTable) -> None:
        self._routes = sorted((_compiled(route) for route in table.routes), key=lambda compiled: compiled.rank)

    def find(self, method: str, path: str) -> Route | None:
        """The most specific route for the request."""
        for compiled in self._routes:
            if compiled.route.method in ("ANY", method) and compiled.pattern.fullmatch(path):
                return compiled.route
        return None


def _compiled(route: Route) -> _Compiled:
    if route.path == "$default":
        return _Compiled(route=route, pattern=re.compile(r".*", re.DOTALL), rank=((9,), True))
    kinds, pattern = [], ""
    for segment in route.path.strip("/").split("/"):
        if segment.startswith("{") and segment.endswith("+}"):
            kinds.append(2)
            pattern += "/.+"
        elif segment.startswith("{"):
            kinds.append(1)
            pattern += "/[^/]+"
        else:
            kinds.append(0)
            pattern += "/" + re.escape(segment)
    # A segment that is missing ranks behind a greedy one, so that the longer of two matching paths wins.
    return _Compiled(route=route, pattern=re.compile(pattern), rank=((*kinds, 3), route.method == "ANY"))
