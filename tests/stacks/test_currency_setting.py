"""The currencies that a stack may be run in are those that the marketplace knows how to charge."""

from __future__ import annotations

from commerce.currencies import CURRENCIES as SOLD
from commerce.money import Money
from stacks.currencies import CURRENCIES


def test_a_stack_may_choose_every_currency_that_the_marketplace_sells_in_and_no_other() -> None:
    assert SOLD.keys() == CURRENCIES


def test_the_marketplace_spells_currencies_as_the_settings_do() -> None:
    assert {Money(1, currency).currency for currency in CURRENCIES} == CURRENCIES


def test_no_currency_has_amounts_that_must_end_in_zeros() -> None:
    assert not CURRENCIES & {"bhd", "jod", "kwd", "omr", "tnd", "isk", "ugx"}
