"""What the routes of the dispute service work with, handed to them by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from commerce.ports import AuditLog, Cases, Orders, Reviews, Standings
from services.http.health import Checks


@dataclass(frozen=True, kw_only=True, slots=True)
class Disputes:
    """The stores, and how to ask them whether they answer."""

    cases: Cases
    orders: Orders
    reviews: Reviews
    standings: Standings
    audit: AuditLog
    checks: Checks


def disputes_of(request: Request) -> Disputes:
    """The stores of the running application."""
    disputes: Disputes = request.app.state.dependencies
    return disputes


async def _disputes(request: Request) -> Disputes:
    return disputes_of(request)


DisputesDependency = Annotated[Disputes, Depends(_disputes)]
