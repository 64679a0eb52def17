"""The account's own switches, which exist once in it whatever stacks it has.

Shared infrastructure, not one of the architecture's functions.
"""

from __future__ import annotations

from dataclasses import dataclass

from components.component import Component


@dataclass(frozen=True, kw_only=True)
class AccountArgs:
    """Contract of the account."""

    monthly_budget_usd: int | None = None
    """What all of the account may cost a month; `None`: nobody is told."""
    email: str | None = None
    """Who is told."""


class Account(Component):
    """Safe defaults of the account, for what somebody makes in it by hand, too; and its budget."""
