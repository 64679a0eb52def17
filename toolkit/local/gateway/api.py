"""An HTTP API as the gateway serves it, and the settings file of the gateway process."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from toolkit.local.gateway.distribution import Distribution

LONGEST_INTEGRATION_SECONDS = 30.0
"""The time limit of an HTTP API's integration, and its default."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Throttle(_Part):
    """A token bucket: requests per second in the long run, and how many may come at once."""

    rate: float = Field(gt=0)
    burst: int = Field(gt=0)


class Authorizer(_Part):
    """A JWT authorizer: whose tokens a route accepts."""

    issuer: str
    audiences: tuple[str, ...]

    @property
    def keys_url(self) -> str:
        """Where Cognito publishes the keys of its issuer."""
        return f"{self.issuer.rstrip('/')}/.well-known/jwks.json"


class Cors(_Part):
    """The API's CORS configuration; without it the services answer for themselves."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    allow_credentials: bool = False
    max_age_seconds: int | None = None


class Guard(_Part):
    """What the load balancer asks of a request before it forwards it, and how it answers what comes without."""

    header: str
    values: tuple[str, ...]
    status: int
    content_type: str
    body: str


class Route(_Part):
    """One route of an API, and the service or the Lambda function that answers it."""

    method: str
    """`GET`, or `ANY`."""
    path: str
    """With `{name}` for a segment and `{name+}` for the rest (`/orders/{id}`, `/catalog/{proxy+}`), or `$default`."""
    service: str = ""
    function: str = ""
    """Name of the Lambda function; empty where a service answers."""
    throttle: Throttle | None = None
    """Its own bucket in place of the stage's."""
    authorizer: Authorizer | None = None
    scopes: tuple[str, ...] = ()
    """The token needs one of them, where there are any."""
    guard: Guard | None = None
    timeout_seconds: float = Field(default=LONGEST_INTEGRATION_SECONDS, gt=0)


class Api(_Part):
    """An HTTP API."""

    routes: tuple[Route, ...]
    throttle: Throttle | None = None
    """Of the stage: each route has such a bucket of its own."""
    cors: Cors | None = None
    unserved: tuple[str, ...] = ()
    """Route keys that lead to no process of this machine."""


class GatewaySettings(_Part):
    """What the gateway process serves: an API, and where its services and token keys are on this machine."""

    api: Api
    services: Mapping[str, str]
    """Base URL of each service's process."""
    keys_urls: Mapping[str, str] = {}
    """Where the token keys of each issuer are read."""
    distribution: Distribution | None = None
    """What stands before the API, if anything does."""
    buckets_url: str = ""
    """Where the buckets of the distribution are read."""
    workers: Path | None = None
    """The file that lists the workers of every Lambda function."""

    @classmethod
    def load(cls, file: Path) -> GatewaySettings:
        return cls.model_validate_json(file.read_bytes())
