"""`python -m services.catalog`: serves the catalog on HOST and PORT."""

from __future__ import annotations

from services.catalog.app import create_app
from services.catalog.settings import CatalogSettings
from services.http.server import serve

if __name__ == "__main__":
    serve(CatalogSettings, create_app)
