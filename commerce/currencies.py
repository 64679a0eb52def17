"""The currencies that the marketplace sells in, and the totals that the payment processor charges in them.

Minor units, as Stripe documents them (docs.stripe.com/currencies, read 2026-11-27). Currencies without a documented
minimum are left out. So are those whose amounts must end in zeros (kwd and other three-decimal ones, isk, ugx), because
the shares of a split total would not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from commerce.errors import InvalidRequest, MarketplaceError
from commerce.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeLimits:
    """The smallest and the largest total that can be charged, in minor units."""

    minimum: int
    maximum: int


_MINIMUMS = {
    30: "gbp",
    50: "ars aud brl cad chf cop eur idr ils inr jpy krw nzd php rub sgd usd zar",
    200: "aed myr pln ron",
    250: "dkk",
    300: "nok sek",
    400: "hkd",
    1_000: "mxn thb",
    1_500: "czk",
    17_500: "huf",
}
_WITHOUT_DECIMALS = frozenset({"jpy", "krw"})
# Eight digits, but for currencies of small units.
_DIGITS = {"cop": 10, "idr": 12, "inr": 9}
CURRENCIES: Mapping[str, ChargeLimits] = {
    currency: ChargeLimits(minimum=minimum, maximum=10 ** _DIGITS.get(currency, 8) - 1)
    for minimum, currencies in _MINIMUMS.items()
    for currency in currencies.split()
}


class AmountNotChargeable(MarketplaceError):
    """The payment processor would refuse this total. Amounts in minor units."""

    status = 422
    code = "amount-not-chargeable"
    title = "A payment of this amount is not possible"

    def __init__(self, total: Money, limits: ChargeLimits) -> None:
        super().__init__(
            f"The total is {total}; a payment is between {limits.minimum} and {limits.maximum} {total.currency}. "
            "Change what is in the cart.",
            total=total.amount,
            currency=total.currency,
            minimum=limits.minimum,
            maximum=limits.maximum,
        )
        self.total = total


def decimals(currency: str) -> int:
    """Digits after the point when an amount is written in major units."""
    return 0 if currency in _WITHOUT_DECIMALS else 2


def charge_limits(currency: str) -> ChargeLimits:
    """Raises InvalidRequest for a currency that the marketplace does not sell in."""
    if currency not in CURRENCIES:
        raise InvalidRequest(
            f"The marketplace does not sell in {currency!r}, only in {', '.join(sorted(CURRENCIES))}.",
            currency=currency,
        )
    return CURRENCIES[currency]


def check_chargeable(total: Money) -> None:
    """Raises AmountNotChargeable. The accept statement of the PostgreSQL adapter repeats this rule."""
    limits = charge_limits(total.currency)
    if not limits.minimum <= total.amount <= limits.maximum:
        raise AmountNotChargeable(total, limits)
