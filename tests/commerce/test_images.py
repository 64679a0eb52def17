"""Pictures of a product: who may add them, their order and texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from commerce import images
from commerce.adapters.memory import MemoryFiles
from commerce.catalog import NotTheSeller, Product
from commerce.errors import InvalidRequest
from commerce.images import (
    MAXIMUM_IMAGES,
    ImageNotFound,
    ImageNotUploaded,
    ImageState,
    ProductImage,
    TooManyImages,
)
from commerce.ports import Products
from commerce.product_images import ProductImages

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def picture(name: str, state: ImageState = ImageState.READY, at: datetime = NOON) -> ProductImage:
    return ProductImage(image_id=name, content_type="image/png", alt=f"a {name}", signed_at=at, state=state)


def test_a_product_has_so_many_pictures_and_no_more() -> None:
    full = tuple(picture(f"p{number}") for number in range(MAXIMUM_IMAGES))
    with pytest.raises(TooManyImages):
        images.expect(full, picture("more", ImageState.WAITING))


def test_a_picture_that_was_never_uploaded_gives_its_place_to_another() -> None:
    waiting = tuple(picture(f"p{number}", ImageState.WAITING) for number in range(MAXIMUM_IMAGES))
    with pytest.raises(TooManyImages):
        images.expect(waiting, picture("next", ImageState.WAITING, NOON + timedelta(minutes=59)))
    later = picture("next", ImageState.WAITING, NOON + timedelta(minutes=61))
    assert images.expect(waiting, later) == (later,)


def test_a_type_that_no_page_shows_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="image/svg"):
        images.expect((), replace(picture("x"), content_type="image/svg+xml"))


def test_pictures_are_put_in_order_and_the_others_dropped() -> None:
    shown = (picture("a"), picture("b"), picture("c"))
    assert images.arrange(shown, [("c", "see"), ("a", "eh")]) == (
        replace(shown[2], alt="see"),
        replace(shown[0], alt="eh"),
    )
    with pytest.raises(ImageNotFound):
        images.arrange(shown, [("d", "")])
    with pytest.raises(InvalidRequest):
        images.arrange(shown, [("a", ""), ("a", "")])


def test_a_picture_is_settled_once() -> None:
    (ready,) = images.accept((picture("a", ImageState.WAITING),), "a", 30, 20)
    assert (ready.state, ready.width, ready.height) == (ImageState.READY, 30, 20)
    assert images.refuse((ready,), "a", "late") == (ready,)
    assert images.accept((ready,), "a", 1, 1) == (ready,)
    assert images.visible((ready, picture("b", ImageState.REFUSED), picture("c", ImageState.WAITING))) == (ready,)


@pytest.mark.parametrize("key", ["", "uploads", "uploads/a", "images/a/b", "uploads/a/b/c", "/uploads/a/b"])
def test_only_an_upload_is_taken_for_one(key: str) -> None:
    with pytest.raises(InvalidRequest):
        images.uploaded(key)
    assert images.uploaded(images.upload_key("mug", "1")) == ("mug", "1")


async def test_the_way_of_a_picture(products: Products) -> None:
    files = MemoryFiles()
    catalog = ProductImages(products=products, files=files)
    await products.put(Product(product_id="mug", title="Mug", description="", owner_id="ann"))
    with pytest.raises(NotTheSeller):
        await catalog.expect("mug", "bob", content_type="image/png", alt="mine")
    first = await catalog.expect("mug", "ann", content_type="image/png", alt="A mug")
    second = await catalog.expect("mug", "ann", content_type="image/jpeg", alt="Its handle")
    for anybody, refusal in (("bob", NotTheSeller), ("ann", ImageNotUploaded)):
        with pytest.raises(refusal):
            await catalog.confirm("mug", anybody, first.image.image_id)
    files.receive(first.upload.fields, b"picture")
    assert (await catalog.confirm("mug", "ann", first.image.image_id)).state is ImageState.WAITING
    await catalog.accept("mug", first.image.image_id, 640, 480)
    await catalog.refuse("mug", second.image.image_id, "It is a poem.")
    assert [(one.state, one.width, one.refusal) for one in await catalog.of("mug", "ann")] == [
        (ImageState.READY, 640, None),
        (ImageState.REFUSED, None, "It is a poem."),
    ]
    assert (await catalog.confirm("mug", "ann", second.image.image_id)).refusal == "It is a poem."
    files.content = dict.fromkeys(images.rendition_keys("mug", first.image.image_id), b"")
    assert await catalog.arrange("mug", "ann", []) == ()
    assert files.content == {}
    with pytest.raises(ImageNotFound):
        await catalog.accept("mug", first.image.image_id, 640, 480)


async def test_two_changes_at_the_same_time_are_both_kept(products: Products) -> None:
    await products.put(Product(product_id="mug", title="Mug", description="", owner_id="ann"))
    catalog = ProductImages(products=products, files=MemoryFiles())
    read, interrupted = products.get, False

    async def get(product_id: str) -> Product:
        nonlocal interrupted
        found = await read(product_id)
        if not interrupted:
            interrupted = True
            await catalog.expect("mug", "ann", content_type="image/png", alt="between")
        return found

    products.get = get  # type: ignore[method-assign]
    await catalog.expect("mug", "ann", content_type="image/png", alt="after")
    assert [image.alt for image in await catalog.of("mug", "ann")] == ["between", "after"]
