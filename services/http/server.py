"""Runs one service in this process: uvicorn on uvloop and httptools."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from socket import socket
from typing import TypeVar

import uvicorn
from fastapi import FastAPI
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from commerce.adapters import cloud
from commerce.adapters.cloud import CloudName
from commerce.adapters.telemetry import configure_logging
from services.http.tokens import TokenRules

# Longer than the load balancer's idle timeout (60 s), so that it never sends into a connection we are closing.
KEEP_ALIVE_SECONDS = 75
COLLECT_AFTER_OBJECTS = 20_000


class ListenSettings(BaseSettings):
    """Where a process listens, and how it logs.

    The platform ends a container with SIGTERM and then waits; `drain_seconds` is how long open requests may take.
    """

    model_config = SettingsConfigDict(extra="ignore")

    # A container listens on every interface of its own network namespace; on a laptop HOST is 127.0.0.1.
    host: str = "0.0.0.0"  # noqa: S104
    port: int = Field(default=8080, ge=1, le=65535)
    service_name: str = "service"
    log_level: str = "INFO"
    drain_seconds: int = 20


class ServerSettings(ListenSettings):
    """Where a service runs, and whose tokens it accepts.

    `CLOUD` names the cloud whose adapters are used. `AUTH_KEYS_URL` is where the identity provider publishes its keys
    (a JSON Web Key Set). `AUTH_AUDIENCE_CLAIM` is the claim that must be or list `AUTH_AUDIENCE`, `AUTH_SUBJECT_CLAIM`
    and `AUTH_GROUPS_CLAIM` are those with the user's id and groups, and `AUTH_REQUIRED_CLAIMS` (a JSON object) those
    that tell an access token from the issuer's other tokens. `OBSERVABILITY_STACK` is the stack's name in the traces
    that the service sends; without it, none are sent.
    """

    cloud: CloudName
    auth_issuer: str = Field(min_length=1)
    auth_audience: str = Field(min_length=1)
    auth_audience_claim: str = Field(default="aud", min_length=1)
    auth_keys_url: str = Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])")
    auth_subject_claim: str = Field(default="sub", min_length=1)
    auth_groups_claim: str = Field(min_length=1)
    auth_required_claims: dict[str, str] = Field(default_factory=dict)
    observability_stack: str | None = None

    @property
    def token_rules(self) -> TokenRules:
        return TokenRules(
            issuer=self.auth_issuer,
            audience=self.auth_audience,
            audience_claim=self.auth_audience_claim,
            keys_url=self.auth_keys_url,
            subject_claim=self.auth_subject_claim,
            groups_claim=self.auth_groups_claim,
            required_claims=self.auth_required_claims,
        )


Settings = TypeVar("Settings", bound=ListenSettings)


class _Server(uvicorn.Server):
    """Uvicorn, with everything that start-up made kept out of garbage collection.

    The SDKs' clients and models are a large heap that stays. Collecting it in the middle of a request would make
    every request wait for tens of milliseconds. What requests make is freed as they end; the little that lies in cycles
    is collected seldom, because looking for it costs every request.

    `at_end` is called when the last request is answered: once it has shut
    down, uvicorn ends the process by the signal that it was sent.
    """

    def __init__(self, config: uvicorn.Config, at_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._at_end = at_end

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER_OBJECTS)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        await super().shutdown(sockets)
        await asyncio.to_thread(self._at_end)


def serve(settings_type: type[Settings], create_app: Callable[[Settings], FastAPI]) -> None:
    """Serves until SIGTERM or SIGINT, finishing the requests that are open.

    The settings come from the environment. Each mistake in them is written to standard error as one line, and the
    process exits with 2. A value that should be JSON and is not is told first, without the others.
    """
    try:
        settings = settings_type()
    except ValidationError as invalid:
        for mistake in invalid.errors():
            sys.stderr.write(f"{'_'.join(map(str, mistake['loc'])).upper()}: {mistake['msg']}\n")
        raise SystemExit(2) from None
    except SettingsError as unreadable:
        sys.stderr.write(f"{unreadable}: {unreadable.__cause__}\n")
        raise SystemExit(2) from None
    configure_logging(service=settings.service_name, level=settings.log_level)
    send_last_spans = _start_tracing(settings)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=settings.drain_seconds,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    _Server(config, send_last_spans).run()


def _start_tracing(settings: ListenSettings) -> Callable[[], None]:
    """Returns what sends the last spans."""
    if not isinstance(settings, ServerSettings) or settings.observability_stack is None:
        return lambda: None
    from commerce.adapters.recording import record_in_background

    exporter = cloud.load(settings.cloud).span_exporter()
    return record_in_background(settings.service_name, exporter, stack=settings.observability_stack)
