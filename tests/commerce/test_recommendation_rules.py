"""How products are ranked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from commerce.recommendations import (
    HALF_LIFE,
    MAXIMUM_PRODUCTS,
    RANKED,
    SHOWN,
    Candidates,
    Signals,
    by_category,
    merge,
    pairs,
    rank,
    shown,
    weight,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TODAY = weight(NOW)
IDS = st.text("abcdef", min_size=1, max_size=3)
WEIGHTS = st.floats(0, 1000).map(lambda times: times * TODAY)
SIGNALS = st.builds(Signals, bought=WEIGHTS, viewed=WEIGHTS)


def bought(times: float) -> Signals:
    return Signals(bought=times * TODAY)


def test_what_is_bought_together_more_often_comes_first() -> None:
    alone = dict.fromkeys(("lamp", "bulb", "rug"), bought(20))
    assert rank("lamp", {"rug": bought(2), "bulb": bought(9)}, alone, NOW) == ("bulb", "rug")


def test_a_bestseller_does_not_stand_beside_everything() -> None:
    """Every fifth order has the bestseller; the bulb goes with the lamp and with little else."""
    alone = {"lamp": bought(50), "bulb": bought(12), "bestseller": bought(5000)}
    together = {"bestseller": bought(12), "bulb": bought(10)}
    assert rank("lamp", together, alone, NOW) == ("bulb", "bestseller")


def test_two_products_that_met_once_by_chance_do_not_come_first() -> None:
    alone = {"lamp": bought(40), "bulb": bought(40), "oddity": bought(1)}
    assert rank("lamp", {"oddity": bought(1), "bulb": bought(20)}, alone, NOW) == ("bulb", "oddity")


def test_looking_counts_less_than_buying() -> None:
    alone = dict.fromkeys(("lamp", "bulb", "rug"), Signals(bought=20 * TODAY, viewed=20 * TODAY))
    together = {"bulb": Signals(bought=5 * TODAY), "rug": Signals(viewed=5 * TODAY)}
    assert rank("lamp", together, alone, NOW) == ("bulb", "rug")


def test_equals_are_in_the_order_of_their_ids() -> None:
    assert rank("lamp", {"c": bought(1), "a": bought(1), "b": bought(1)}, {}, NOW) == ("a", "b", "c")


def test_a_signal_counts_half_after_its_half_life() -> None:
    assert weight(NOW) / weight(NOW - HALF_LIFE) == 2
    assert 0 < weight(NOW - timedelta(days=3650)) < weight(NOW + timedelta(days=3650)) < float("inf")


@given(st.dictionaries(IDS, SIGNALS), st.dictionaries(IDS, SIGNALS), st.integers(1, 5))
def test_a_ranking_never_has_the_product_itself_nor_another_twice(
    together: dict[str, Signals], alone: dict[str, Signals], limit: int
) -> None:
    ranking = rank("a", together, alone, NOW, limit)
    assert "a" not in ranking
    assert len(set(ranking)) == len(ranking) <= limit
    assert set(ranking) <= together.keys()
    assert ranking == rank("a", dict(reversed(together.items())), alone, NOW, limit)


@given(st.lists(IDS, max_size=60))
def test_each_pair_of_an_order_is_met_once_in_each_direction(products: list[str]) -> None:
    met = list(pairs(products))
    count = min(len(set(products)), MAXIMUM_PRODUCTS)
    assert len(met) == len(set(met)) == count * (count - 1)
    assert {(other, one) for one, other in met} == set(met)
    assert all(one != other for one, other in met)


@given(st.lists(st.lists(IDS), max_size=4), st.sets(IDS))
def test_rankings_are_merged_in_turn(rankings: list[list[str]], excluded: set[str]) -> None:
    merged = merge(rankings, excluded)
    assert set(merged) == {id for ranking in rankings for id in ranking} - excluded
    assert len(set(merged)) == len(merged)


def test_first_places_come_before_second_ones() -> None:
    assert merge([["a", "b"], ["c", "a", "d"]]) == ("a", "c", "b", "d")


def test_what_nothing_is_known_of_has_the_bestsellers_of_its_category_first() -> None:
    cold = Candidates(seen=("new",), rankings=((),), of_category=("lamp", "new"), of_all=("tea", "lamp"))
    assert cold.ordered() == ("lamp", "tea")


def test_a_category_shows_its_own_bestsellers_those_first_that_fit_the_buyer() -> None:
    page = Candidates(
        seen=("lamp",), rankings=(("tea", "bulb"),), of_category=("torch", "lamp", "bulb", "cord"), of_all=("tea",)
    )
    assert page.within_category() == ("bulb", "torch", "cord")


def test_a_product_counts_for_its_category_and_for_those_above() -> None:
    found = by_category(("rug", "tea", "mug", "gone"), {"rug": "textiles", "mug": "kitchen", "tea": None})
    assert found[""] == ("rug", "tea", "mug", "gone")
    assert (found["textiles"], found["home"], found["food"]) == (("rug",), ("rug", "mug"), ())
    assert by_category([str(n) for n in range(99)], {})[""] == tuple(str(n) for n in range(RANKED))


def test_what_was_learned_comes_before_bestsellers() -> None:
    known = Candidates(seen=("lamp",), rankings=(("bulb",),), of_all=("lamp", "bulb", "tea"))
    assert known.ordered() == ("bulb", "tea")


@given(st.lists(IDS, unique=True, max_size=30), st.dictionaries(IDS, st.integers(-2, 3)))
def test_only_what_can_be_bought_now_is_shown(candidates: list[str], available: dict[str, int]) -> None:
    chosen = shown(candidates, available)
    assert list(chosen) == [id for id in candidates if available.get(id, 0) > 0][:SHOWN]
