"""Connected accounts as Stripe tells of them, in an answer or in the event `account.updated`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from commerce.seller_accounts import AccountState

_UNREQUESTED = "unrequested"


def account_state(account: Mapping[str, Any], as_of: datetime) -> AccountState:
    """The state in an account object, as it was at `as_of` (the event's `created`, or when Stripe was asked)."""
    capabilities = account.get("capabilities") or {}
    requirements = account.get("requirements") or {}
    return AccountState(
        account_id=str(account["id"]),
        as_of=as_of,
        transfers=str(capabilities.get("transfers") or _UNREQUESTED),
        card_payments=str(capabilities.get("card_payments") or _UNREQUESTED),
        payouts_enabled=bool(account.get("payouts_enabled")),
        details_submitted=bool(account.get("details_submitted")),
        disabled_reason=requirements.get("disabled_reason"),
        due=tuple(requirements.get("currently_due") or ()),
    )
