"""Where the edge's key is kept, sent and asked for."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict


class EdgeSettings(BaseSettings):
    """`EDGE_KEY`, `EDGE_HEADER`, `EDGE_ENTRANCE`, `EDGE_DISTRIBUTION`: what a link to the edge gives."""

    model_config = SettingsConfigDict(env_prefix="EDGE_", frozen=True)

    key: str
    """Id of the secret."""
    header: str
    """Name of the header, in lower case."""
    entrance: str
    """Id of the services' entrance."""
    distribution: str
