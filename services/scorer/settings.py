"""The scorer's settings: it has no links, and no callers but the platform that runs it."""

from __future__ import annotations

from pathlib import Path

from services.http.server import ListenSettings


class ScorerSettings(ListenSettings):
    """`MODEL_FILE`: the model to score with; by default the one in this folder."""

    service_name: str = "scorer"
    model_file: Path = Path(__file__).with_name("model.json")
