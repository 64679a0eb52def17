"""`python -m services.dispute`: serves the dispute service on HOST and PORT."""

from __future__ import annotations

from services.dispute.app import create_app
from services.dispute.settings import DisputeSettings
from services.http.server import serve

if __name__ == "__main__":
    serve(DisputeSettings, create_app)
