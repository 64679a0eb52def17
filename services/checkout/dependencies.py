"""What the checkout's routes work with, handed to them by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from commerce.ports import Carts, Offers, Orders
from services.checkout.acceptance import Acceptance
from services.checkout.relay import Relay
from services.http.health import Checks


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckoutService:
    """The stores, the accept path, the relay of the outbox, and how to ask the stores whether they answer."""

    carts: Carts
    offers: Offers
    orders: Orders
    acceptance: Acceptance
    relay: Relay
    currency: str
    checks: Checks


def checkout_of(request: Request) -> CheckoutService:
    """The checkout of the running application."""
    checkout: CheckoutService = request.app.state.dependencies
    return checkout


async def _checkout(request: Request) -> CheckoutService:
    return checkout_of(request)


CheckoutDependency = Annotated[CheckoutService, Depends(_checkout)]
