"""`python -m services.checkout`: serves the checkout service on HOST and PORT."""

from __future__ import annotations

from services.checkout.app import create_app
from services.checkout.settings import CheckoutSettings
from services.http.server import serve

if __name__ == "__main__":
    serve(CheckoutSettings, create_app)
