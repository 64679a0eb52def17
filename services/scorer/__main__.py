"""`python -m services.scorer`: serves the fraud scorer on HOST and PORT."""

from __future__ import annotations

from services.http.server import serve
from services.scorer.app import create_app
from services.scorer.settings import ScorerSettings

if __name__ == "__main__":
    serve(ScorerSettings, create_app)
