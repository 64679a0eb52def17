"""The currencies that a stack may be run in are those that the marketplace knows how to charge."""

from __future__ import annotations

import pytest

from commerce.money import Money
from stacks.currencies import CURRENCIES


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_the_marketplace_charges_in_every_currency_that_a_stack_may_choose(currency: str) -> None:
    assert Money(100_000, currency).currency == currency


def test_the_list_has_no_currency_of_three_decimals_or_with_a_rule_of_its_own() -> None:
    assert not CURRENCIES & {"bhd", "jod", "kwd", "omr", "tnd", "isk", "ugx"}
