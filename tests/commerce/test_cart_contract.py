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


async def test_a_cart_that_changed_meanwhile_is_not_cleared(carts: Carts) -> None:
    seen = await carts.set_item("ann", "tea", 2)
    changed = await carts.set_item("ann", "lamp", 1)
    await carts.clear("ann", seen.revision)
    assert await carts.get("ann") == changed
    await carts.clear("ann", changed.revision)
    await carts.clear("ann", changed.revision)
    assert (await carts.get("ann")).items == {}


async def test_clearing_without_a_revision_always_empties(carts: Carts) -> None:
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
