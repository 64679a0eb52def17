"""Money as it travels in JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel

from commerce.currencies import charge_limits
from commerce.errors import InvalidRequest
from commerce.money import Money


def _sold_in(currency: str) -> str:
    try:
        charge_limits(currency)
    except InvalidRequest as refusal:
        raise ValueError(refusal.detail) from refusal
    return currency


CurrencyCode = Annotated[str, AfterValidator(_sold_in)]
"""One of `commerce.currencies.CURRENCIES`."""


class MoneyBody(BaseModel):
    """An amount in minor units (cents) and its ISO 4217 currency in lower case."""

    amount: int
    currency: str

    @classmethod
    def of(cls, money: Money) -> MoneyBody:
        return cls(amount=money.amount, currency=money.currency)
