"""Stripe Connect: the one engine that is the same on every cloud."""

from __future__ import annotations

from datetime import date

from components.architecture.lifecycle import available
from components.architecture.model import Cell, Engine

STRIPE_CONNECT = Engine(
    id="stripe-connect",
    title="Stripe Connect",
    lifecycle=available(date(2026, 11, 22), "https://docs.stripe.com/connect", "No closure found."),
)

PAYMENTS = Cell(named=STRIPE_CONNECT)
