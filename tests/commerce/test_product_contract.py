"""What every product store does, in memory and in DynamoDB."""

from __future__ import annotations

import pytest

from commerce.catalog import NotTheSeller, Product, ProductChanged, ProductNotFound
from commerce.errors import InvalidRequest
from commerce.ports import Products


def lamp(owner_id: str = "ada", title: str = "Lamp") -> Product:
    return Product(product_id="lamp", title=title, description="It shines.", owner_id=owner_id)


async def test_a_product_is_read_as_it_was_written(products: Products) -> None:
    await products.put(lamp())
    await products.put(lamp(title="Lantern"))
    assert await products.get("lamp") == lamp(title="Lantern")


async def test_another_seller_does_not_edit_it(products: Products) -> None:
    await products.put(lamp())
    with pytest.raises(NotTheSeller):
        await products.put(lamp(owner_id="ben", title="Mine"))
    assert await products.get("lamp") == lamp()


async def test_a_product_replaces_only_the_one_that_its_editor_saw(products: Products) -> None:
    await products.put(lamp())
    await products.put(lamp(title="Lantern"), replacing=lamp())
    for stale in (lamp(), lamp(title="Lantern", owner_id="ben")):
        with pytest.raises((ProductChanged, NotTheSeller)):
            await products.put(lamp(title="Light", owner_id=stale.owner_id), replacing=stale)
    with pytest.raises(NotTheSeller):
        await products.put(lamp(owner_id="ben", title="Mine"), replacing=lamp(title="Lantern"))
    assert await products.get("lamp") == lamp(title="Lantern")


async def test_an_unknown_product_is_not_found(products: Products) -> None:
    with pytest.raises(ProductNotFound):
        await products.get("ghost")


async def test_paging_shows_every_product_once(products: Products) -> None:
    for number in range(7):
        await products.put(Product(product_id=f"p{number}", title="t", description="", owner_id="ada"))
    seen: list[str] = []
    cursor = None
    for _ in range(5):
        page = await products.list(3, cursor)
        assert len(page.items) <= 3
        seen += [product.product_id for product in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert cursor is None
    assert sorted(seen) == [f"p{number}" for number in range(7)]


@pytest.mark.parametrize("cursor", ["", "garbage", "e30=", "W10="])
async def test_a_foreign_cursor_is_refused(products: Products, cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        await products.list(3, cursor)
