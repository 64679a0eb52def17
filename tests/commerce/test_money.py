from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import InvalidRequest
from commerce.money import Money, total

amounts = st.integers(min_value=-(10**12), max_value=10**12)
weights = st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=12).filter(any)


@given(amounts, weights)
def test_the_parts_of_a_split_sum_to_the_whole(amount: int, parts: list[int]) -> None:
    assert sum(part.amount for part in Money(amount, "usd").split(parts)) == amount


@given(amounts, weights)
def test_no_part_is_a_whole_minor_unit_away_from_its_exact_share(amount: int, parts: list[int]) -> None:
    for part, weight in zip(Money(amount, "usd").split(parts), parts, strict=True):
        assert abs(part.amount - Fraction(amount * weight, sum(parts))) < 1


@given(amounts, weights)
def test_a_part_without_weight_gets_nothing_and_a_refund_mirrors_its_payment(amount: int, parts: list[int]) -> None:
    split = Money(amount, "usd").split(parts)
    assert all(part.amount == 0 for part, weight in zip(split, parts, strict=True) if weight == 0)
    assert Money(-amount, "usd").split(parts) == tuple(-part for part in split)


def test_left_over_units_go_to_the_largest_remainders_and_then_to_the_first() -> None:
    assert [part.amount for part in Money(100, "usd").split([1, 1, 1])] == [34, 33, 33]
    assert [part.amount for part in Money(10, "usd").split([1, 4, 1])] == [2, 7, 1]
    assert [part.amount for part in Money(5, "usd").split([3, 3, 2])] == [2, 2, 1]


@given(amounts, st.integers(min_value=0, max_value=10_000))
def test_basis_points_round_half_to_even(amount: int, basis_points: int) -> None:
    assert Money(amount, "usd").basis_points(basis_points).amount == round(Fraction(amount * basis_points, 10_000))


@pytest.mark.parametrize("parts", [[], [0, 0], [3, -1]])
def test_a_split_without_positive_weights_is_refused(parts: list[int]) -> None:
    with pytest.raises(InvalidRequest, match="weights"):
        Money(1, "usd").split(parts)


def test_currencies_are_never_mixed() -> None:
    with pytest.raises(InvalidRequest, match="different currencies"):
        Money(1, "usd") + Money(1, "eur")
    with pytest.raises(InvalidRequest, match="different currencies"):
        total([Money(1, "eur")], "usd")


@pytest.mark.parametrize(("amount", "currency"), [(1.5, "usd"), (True, "usd"), (1, "USD"), (1, "dollar"), (1, "")])
def test_money_is_whole_minor_units_of_a_lower_case_currency(amount: object, currency: str) -> None:
    with pytest.raises(InvalidRequest):
        Money(amount, currency)  # type: ignore[arg-type]
