"""`python -m services.seller`: serves the sellers on HOST and PORT."""

from __future__ import annotations

from services.http.server import serve
from services.seller.app import create_app
from services.seller.settings import SellerSettings

if __name__ == "__main__":
    serve(SellerSettings, create_app)
