"""Money as it travels in JSON."""

from __future__ import annotations

from pydantic import BaseModel

from commerce.money import Money


class MoneyBody(BaseModel):
    """An amount in minor units (cents) and its ISO 4217 currency in lower case."""

    amount: int
    currency: str

    @classmethod
    def of(cls, money: Money) -> MoneyBody:
        return cls(amount=money.amount, currency=money.currency)
