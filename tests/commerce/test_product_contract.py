"""What every product store does, in memory and in DynamoDB."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from commerce.catalog import NotTheSeller, Product, ProductChanged, ProductNotFound
from commerce.errors import InvalidRequest
from commerce.images import ImageState, ProductImage
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


async def test_products_are_found_by_their_ids(products: Products) -> None:
    await products.put(lamp())
    assert await products.find(["lamp", "ghost", "lamp"]) == {"lamp": lamp()}
    assert await products.find([]) == {}


async def test_a_touched_product_stays_as_it_is(products: Products) -> None:
    await products.put(lamp())
    await products.touch("lamp")
    await products.touch("ghost")
    assert await products.find(["lamp", "ghost"]) == {"lamp": lamp()}
    await products.put(lamp(title="Lantern"), replacing=lamp())


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


async def test_products_of_some_categories_are_paged_and_withdrawn_ones_are_not_listed(products: Products) -> None:
    for number in range(9):
        product = Product(product_id=f"p{number}", title="t", description="", owner_id="ada")
        category = (None, "kitchen", "garden")[number % 3]
        await products.put(replace(product, category=category, withdrawn=number in (4, 5)))
    for categories, expected in {
        (): {"p0", "p1", "p2", "p3", "p6", "p7", "p8"},
        ("kitchen",): {"p1", "p7"},
        ("garden", "music", "kitchen"): {"p2", "p8", "p1", "p7"},
        ("music",): set(),
    }.items():
        for limit in (1, 2, 50):
            seen: list[str] = []
            cursor = None
            for _ in range(20):
                page = await products.list(limit, cursor, categories)
                assert len(page.items) <= limit
                seen += [product.product_id for product in page.items]
                cursor = page.next_cursor
                if cursor is None:
                    break
            assert (cursor, sorted(seen)) == (None, sorted(expected))


async def test_many_products_are_written_and_read_at_once(products: Products) -> None:
    made = [Product(product_id=f"p{n:03}", title=f"t{n}", description="", owner_id="ada") for n in range(120)]
    await products.create_own(made)
    await products.create_own([])
    found = await products.find([*(one.product_id for one in made), "ghost", "p001"])
    assert found == {one.product_id: one for one in made}
    assert await products.find([]) == {}


async def test_a_product_is_deleted_as_it_was_read_or_not_at_all(products: Products) -> None:
    await products.put(lamp())
    with pytest.raises(ProductChanged):
        await products.delete(lamp(title="Lantern"))
    for _ in range(2):
        await products.delete(lamp())
    with pytest.raises(ProductNotFound):
        await products.get("lamp")


async def test_every_part_of_a_product_is_kept_and_compared(products: Products) -> None:
    image = ProductImage(
        image_id="1", content_type="image/png", alt="A lamp", signed_at=datetime(2026, 3, 1, tzinfo=UTC)
    )
    shown = replace(image, image_id="2", state=ImageState.READY, width=30, height=20)
    refused = replace(image, image_id="3", state=ImageState.REFUSED, refusal="too dark")
    whole = replace(lamp(), category="lighting", images=(image, shown, refused), withdrawn=True)
    await products.put(whole)
    assert await products.get("lamp") == whole
    for other in (lamp(), replace(whole, images=(shown, image, refused)), replace(whole, category=None)):
        with pytest.raises(ProductChanged):
            await products.put(lamp(), replacing=other)
    await products.put(lamp(), replacing=whole)
    assert await products.get("lamp") == lamp()
