"""What the seller service's routes work with, handed to them by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request

from commerce.ports import Holds, Payouts, Sales, Statements
from services.http.health import Checks
from services.seller.onboarding import Onboarding


@dataclass(frozen=True, kw_only=True, slots=True)
class SellerService:
    """The stores, each of which sees one seller at a time, and how to ask them whether they answer."""

    sales: Sales
    holds: Holds
    payouts: Payouts
    statements: Statements
    onboarding: Onboarding
    return_window: timedelta
    checks: Checks


def sellers_of(request: Request) -> SellerService:
    """The seller service of the running application."""
    service: SellerService = request.app.state.dependencies
    return service


async def _sellers(request: Request) -> SellerService:
    return sellers_of(request)


SellerDependency = Annotated[SellerService, Depends(_sellers)]
