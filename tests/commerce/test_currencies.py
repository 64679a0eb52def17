"""Which totals can be charged in which currency."""

from __future__ import annotations

import pytest

from commerce.currencies import CURRENCIES, AmountNotChargeable, charge_limits, check_chargeable
from commerce.errors import InvalidRequest
from commerce.money import Money


@pytest.mark.parametrize(
    ("currency", "minimum", "maximum"),
    [("usd", 50, 99_999_999), ("gbp", 30, 99_999_999), ("jpy", 50, 99_999_999), ("huf", 17_500, 99_999_999),
     ("idr", 50, 999_999_999_999), ("inr", 50, 999_999_999)],
)  # fmt: skip
def test_a_total_is_charged_from_the_minimum_to_the_maximum(currency: str, minimum: int, maximum: int) -> None:
    for amount in (minimum, maximum):
        check_chargeable(Money(amount, currency))
    for amount in (minimum - 1, maximum + 1, 0, -minimum):
        with pytest.raises(AmountNotChargeable):
            check_chargeable(Money(amount, currency))


@pytest.mark.parametrize("currency", ["xyz", "isk", "ugx", "kwd", "bhd", "USD"])
def test_the_marketplace_sells_in_listed_currencies_only(currency: str) -> None:
    with pytest.raises(InvalidRequest, match="does not sell"):
        charge_limits(currency)


def test_every_currency_can_be_charged_and_is_spelled_as_money_spells_it() -> None:
    for currency, charges in CURRENCIES.items():
        assert 0 < charges.minimum < charges.maximum
        check_chargeable(Money(charges.minimum, currency))
