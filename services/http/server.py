"""Runs one service in this process: uvicorn on uvloop and httptools."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.http.logs import configure_logging

# Longer than the load balancer's idle timeout (60 s), so that it never sends into a connection we are closing.
KEEP_ALIVE_SECONDS = 75


class ServerSettings(BaseSettings):
    """Where a service listens and how it logs.

    The platform ends a container with SIGTERM and then waits; `drain_seconds` is how long open requests may take.
    """

    model_config = SettingsConfigDict(extra="ignore")

    # A container listens on every interface of its own network namespace; on a laptop HOST is 127.0.0.1.
    host: str = "0.0.0.0"  # noqa: S104
    port: int = Field(default=8080, ge=1, le=65535)
    service_name: str = "service"
    log_level: str = "INFO"
    drain_seconds: int = 20


def serve(app: FastAPI, settings: ServerSettings) -> None:
    """Serves until SIGTERM or SIGINT, finishing the requests that are open."""
    import uvicorn

    configure_logging(service=settings.service_name, level=settings.log_level)
    uvicorn.run(
        app,
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
