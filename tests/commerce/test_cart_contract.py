"""What every cart store does, in memory and in Redis."""

from __future__ import annotations

import pytest

from commerce.cart import MAXIMUM_LINES, MAXIMUM_QUANTITY, EmptyCart
from commerce.errors import InvalidRequest
from commerce.ports import Carts


async def test_a_cart_holds_quantities_per_offer(carts: Carts) -> None:
    await carts.set_item("ann", "tea", 2)
    await carts.set_item("ann", "lamp", 1)
    cart = await carts.set_item("ann", "tea", 3)
    assert cart.items == {"lamp": 1, "tea": 3}
    assert await carts.get("ann") == cart
    assert (await carts.get("bob")).items == {}


async def test_a_quantity_of_zero_removes_and_the_last_removal_empties(carts: Carts) -> None:
    await carts.set_item("ann", "tea", 2)
    cart = await carts.set_item("ann", "tea", 0)
    assert (cart.items, cart.revision) == ({}, "")
    with pytest.raises(EmptyCart):
        cart.lines()
    assert (await carts.set_item("ann", "ghost", 0)).items == {}


async def test_the_revision_changes_with_the_items_and_only_then(carts: Carts) -> None:
    first = await carts.set_item("ann", "tea", 2)
    same = await carts.set_item("ann", "tea", 2)
    more = await carts.set_item("ann", "tea", 3)
    assert first.revision == same.revision != more.revision
    assert first.revision


async def test_an_order_takes_its_own_lines_once_and_leaves_what_came_meanwhile(carts: Carts) -> None:
    await carts.set_item("ann", "tea", 2)
    await carts.set_item("ann", "lamp", 1)
    changed = await carts.set_item("ann", "tea", 5)
    left = await carts.take("ann", "o1", {"tea": 2, "lamp": 1, "rug": 1})
    assert left.items == {"tea": 3}
    assert left.revision not in ("", changed.revision)
    assert (await carts.take("ann", "o1", {"tea": 2})).items == {"tea": 3}
    assert await carts.get("ann") == left
    assert (await carts.take("ann", "o2", {"tea": 2})).items == {"tea": 1}


@pytest.mark.parametrize("touch", ["put", "clear", "give back"])
async def test_an_emptied_cart_names_the_order_until_it_is_touched(carts: Carts, touch: str) -> None:
    await carts.set_item("ann", "tea", 2)
    assert (await carts.get("ann")).ordered == ""
    await carts.take("ann", "o1", {"tea": 2})
    await carts.set_item("ann", "ghost", 0)
    cart = await carts.get("ann")
    assert (cart.items, cart.revision, cart.ordered) == ({}, "", "o1")
    if touch == "put":
        await carts.set_item("ann", "lamp", 1)
        await carts.set_item("ann", "lamp", 0)
    elif touch == "clear":
        await carts.clear("ann")
    else:
        await carts.give_back("ann", "o1", {"tea": 2})
    assert (await carts.get("ann")).ordered == ""


async def test_a_failed_order_gives_its_lines_back_once_beside_what_is_there(carts: Carts) -> None:
    await carts.set_item("ann", "tea", 2)
    await carts.take("ann", "o1", {"tea": 2})
    before = await carts.set_item("ann", "lamp", 1)
    for _ in range(2):
        await carts.give_back("ann", "o1", {"tea": 2})
        cart = await carts.get("ann")
        assert cart.items == {"lamp": 1, "tea": 2}
        assert cart.revision != before.revision
    assert (await carts.take("ann", "o1", {"tea": 2})).items == cart.items


async def test_an_order_that_failed_before_it_was_taken_is_never_taken(carts: Carts) -> None:
    before = await carts.set_item("ann", "tea", 2)
    await carts.give_back("ann", "o1", {"tea": 2})
    cart = await carts.take("ann", "o1", {"tea": 2})
    assert cart.items == {"tea": 2}
    assert cart.revision != before.revision, "the same cart may be bought again with the same card"
    await carts.give_back("bob", "o1", {"tea": 2})
    assert (await carts.get("bob")).items == {}


async def test_what_comes_back_never_makes_a_cart_larger_than_one_may_be(carts: Carts) -> None:
    await carts.set_item("ann", "tea", 5)
    await carts.set_item("ann", "rug", 1)
    await carts.take("ann", "o1", {"tea": 5, "rug": 1})
    await carts.set_item("ann", "tea", MAXIMUM_QUANTITY - 1)
    for number in range(MAXIMUM_LINES - 1):
        await carts.set_item("ann", f"offer-{number}", 1)
    await carts.give_back("ann", "o1", {"tea": 5, "rug": 1})
    items = (await carts.get("ann")).items
    assert (len(items), items["tea"], "rug" in items) == (MAXIMUM_LINES, MAXIMUM_QUANTITY, False)


async def test_clearing_always_empties(carts: Carts) -> None:
    await carts.set_item("ann", "tea", 2)
    await carts.clear("ann")
    await carts.clear("ann")
    assert (await carts.get("ann")).items == {}


@pytest.mark.parametrize("quantity", [-1, MAXIMUM_QUANTITY + 1])
async def test_an_impossible_quantity_is_refused(carts: Carts, quantity: int) -> None:
    with pytest.raises(InvalidRequest, match="quantity"):
        await carts.set_item("ann", "tea", quantity)
    assert (await carts.get("ann")).items == {}


async def test_a_full_cart_takes_no_further_offer_but_changes_the_ones_it_has(carts: Carts) -> None:
    for number in range(MAXIMUM_LINES):
        await carts.set_item("ann", f"offer-{number}", 1)
    with pytest.raises(InvalidRequest, match="different offers"):
        await carts.set_item("ann", "one-more", 1)
    cart = await carts.set_item("ann", "offer-0", 2)
    assert (len(cart.items), cart.items["offer-0"]) == (MAXIMUM_LINES, 2)
