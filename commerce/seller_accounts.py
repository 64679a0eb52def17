"""A seller's account at the payment processor, and whether money can go there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from commerce.errors import MarketplaceError

ACTIVE = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """What the processor said of an account at `as_of`, in its own words. `transfers` and `card_payments` are the
    states of the capabilities; `due` names what it still asks of the seller."""

    account_id: str
    as_of: datetime
    transfers: str
    card_payments: str
    payouts_enabled: bool
    details_submitted: bool
    disabled_reason: str | None = None
    due: tuple[str, ...] = ()

    @property
    def takes_transfers(self) -> bool:
        return self.transfers == ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerAccount:
    """`state` is null until the processor has said something of the account."""

    seller_id: str
    account_id: str
    state: AccountState | None = None

    @property
    def waits_for(self) -> str | None:
        """Why shares are not transferred yet, for the seller to read; None when they are."""
        if self.state is None:
            return "The payment processor has not confirmed the account yet."
        if self.state.takes_transfers:
            return None
        asked = f" It asks for: {', '.join(self.state.due)}." if self.state.due else ""
        return f"The account does not take transfers yet (transfers: {self.state.transfers}).{asked}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLink:
    """A page of the processor, for the seller only: it works once and for minutes."""

    url: str
    expires_at: datetime


def is_news(known: AccountState | None, told: AccountState) -> bool:
    """Whether to keep what was told: news arrive in any order, and older ones say nothing any more."""
    return known is None or told.as_of >= known.as_of


class SellerNotRegistered(MarketplaceError):
    status = 409
    code = "seller-not-registered"
    title = "The seller is not registered"

    def __init__(self, seller_id: str) -> None:
        super().__init__("Register first: PUT /catalog/sellers/me with the name that buyers see.", seller_id=seller_id)


class NoAccount(MarketplaceError):
    status = 409
    code = "no-account"
    title = "The seller has no account yet"

    def __init__(self, seller_id: str) -> None:
        super().__init__("Make an account first: POST /seller/account.", seller_id=seller_id)
