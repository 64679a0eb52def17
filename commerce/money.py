"""Money: integer minor units and a currency. Nothing here rounds in silence, nothing is ever a float."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from commerce.errors import InvalidRequest

_CURRENCY = re.compile(r"[a-z]{3}")
BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents for "usd", yen for "jpy") of one currency (lower-case ISO 4217)."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise InvalidRequest(f"An amount is an integer number of minor units, not {self.amount!r}.")
        if not _CURRENCY.fullmatch(self.currency):
            raise InvalidRequest(f"A currency is three lower-case letters such as 'usd', not {self.currency!r}.")

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same_currency(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same_currency(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __mul__(self, factor: int) -> Money:
        return Money(self.amount * factor, self.currency)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def split(self, weights: Sequence[int]) -> tuple[Money, ...]:
        """Divide into one part per weight; the parts always sum to the whole.

        Largest-remainder method: every part gets its exact share rounded towards zero, and the units left over go one
        each to the largest remainders, the earlier part first when two are equal. Raises InvalidRequest when a weight
        is negative or all are zero.
        """
        whole = sum(weights)
        if whole <= 0 or min(weights) < 0:
            raise InvalidRequest(f"A split needs weights that are not negative and not all zero, not {list(weights)}.")
        sign = -1 if self.amount < 0 else 1
        shares = [divmod(abs(self.amount) * weight, whole) for weight in weights]
        parts = [quotient for quotient, _ in shares]
        left = abs(self.amount) - sum(parts)
        by_remainder = sorted(range(len(parts)), key=lambda index: (-shares[index][1], index))
        for index in by_remainder[:left]:
            parts[index] += 1
        return tuple(Money(sign * part, self.currency) for part in parts)

    def basis_points(self, basis_points: int) -> Money:
        """This share of the amount (10,000 basis points are the whole), rounded half to even."""
        product = self.amount * basis_points
        quotient, remainder = divmod(product, BASIS_POINTS)
        doubled = 2 * remainder
        if doubled > BASIS_POINTS or (doubled == BASIS_POINTS and quotient % 2):
            quotient += 1
        return Money(quotient, self.currency)

    def _same_currency(self, other: Money) -> int:
        if other.currency != self.currency:
            raise InvalidRequest(f"{self} and {other} are different currencies and cannot be added.")
        return other.amount


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of `amounts`, all of them in `currency`; zero of it when there are none."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result
