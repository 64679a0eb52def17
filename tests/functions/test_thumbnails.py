"""Uploaded pictures: what is made of good ones, and what is refused."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from commerce.adapters.memory import MemoryFiles, MemoryProducts
from commerce.catalog import Product
from commerce.images import FORMATS, MAXIMUM_BYTES, WIDTHS, ImageState, rendition_keys, upload_key
from commerce.product_images import ProductImages
from functions.aws_lambda import object_keys
from functions.thumbnails.pictures import Picture, UnusablePicture, read
from functions.thumbnails.thumbnails import Thumbnails

ORIENTATION = 0x0112
CAMERA = 0x010F


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    output = io.BytesIO()
    image.save(output, format, **options)  # type: ignore[arg-type]
    return output.getvalue()


def decoded(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def sizes(picture: Picture) -> dict[tuple[int, str], Image.Image]:
    return {(one.width, one.format): decoded(one.content) for one in picture.renditions()}


class Shop:
    """A product of Ann's, and what handles its pictures."""

    def __init__(self) -> None:
        self.products, self.files = MemoryProducts(), MemoryFiles()
        self.images = ProductImages(products=self.products, files=self.files)
        self.thumbnails = Thumbnails(images=self.images, files=self.files)

    async def open(self) -> None:
        await self.products.put(Product(product_id="mug", title="Mug", description="", owner_id="ann"))

    async def upload(self, content: bytes, content_type: str = "image/png") -> str:
        expected = await self.images.expect("mug", "ann", content_type=content_type, alt="A mug")
        self.files.receive(expected.upload.fields, content)
        return expected.image.image_id

    async def state(self, image_id: str) -> tuple[ImageState, str | None]:
        image = await self.images.find("mug", image_id)
        return image.state, image.refusal


@pytest.fixture
async def shop() -> Shop:
    shop = Shop()
    await shop.open()
    return shop


async def test_a_picture_becomes_every_size_in_every_format_and_its_upload_goes(shop: Shop) -> None:
    image_id = await shop.upload(encoded(Image.new("RGB", (2400, 1200), "teal")))
    assert await shop.thumbnails.handle(upload_key("mug", image_id)) == "ready"
    assert shop.files.content.keys() == set(rendition_keys("mug", image_id))
    image = await shop.images.find("mug", image_id)
    assert (image.state, image.width, image.height) == (ImageState.READY, 2400, 1200)
    assert decoded(shop.files.content[f"images/mug/{image_id}/480.webp"]).size == (480, 240)
    assert shop.files.types[f"images/mug/{image_id}/160.jpeg"] == "image/jpeg"


async def test_a_second_delivery_changes_nothing(shop: Shop) -> None:
    image_id = await shop.upload(encoded(Image.new("RGB", (300, 300), "teal")))
    key = upload_key("mug", image_id)
    await shop.thumbnails.handle(key)
    shown = dict(shop.files.content)
    assert await shop.thumbnails.handle(key) == "known"
    # The form is good for some minutes: another picture sent with it is not shown in the first one's place.
    shop.files.content[key] = encoded(Image.new("RGB", (300, 300), "red"))
    assert await shop.thumbnails.handle(key) == "known"
    assert shop.files.content == shown


async def test_a_worker_that_stopped_before_the_end_is_repeated(shop: Shop) -> None:
    image_id = await shop.upload(encoded(Image.new("RGB", (300, 300), "teal")))
    accept = shop.images.accept

    async def killed(*_: object) -> None:
        raise KeyboardInterrupt

    shop.images.accept = killed  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        await shop.thumbnails.handle(upload_key("mug", image_id))
    assert (await shop.state(image_id))[0] is ImageState.WAITING
    shop.images.accept = accept  # type: ignore[method-assign]
    assert await shop.thumbnails.handle(upload_key("mug", image_id)) == "ready"


async def test_an_upload_of_nobody_is_deleted(shop: Shop) -> None:
    shop.files.content["uploads/mug/" + "0" * 32] = b"x"
    shop.files.content["uploads/ghost/" + "0" * 32] = b"x"
    for product_id in ("mug", "ghost"):
        assert await shop.thumbnails.handle(upload_key(product_id, "0" * 32)) == "unwanted"
    assert shop.files.content == {}
    image_id = await shop.upload(b"x")
    await shop.files.delete([upload_key("mug", image_id)])
    assert await shop.thumbnails.handle(upload_key("mug", image_id)) == "gone"


@pytest.mark.parametrize(
    ("content", "content_type", "why"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", "not a JPEG, PNG or WebP"),
        (encoded(Image.new("RGB", (9, 9)), "GIF"), "image/png", "not a JPEG, PNG or WebP"),
        (encoded(Image.new("RGB", (9, 9)), "PNG"), "image/jpeg", "announced as image/jpeg and is image/png"),
        (encoded(Image.new("RGB", (400, 400)), "JPEG")[:300], "image/jpeg", "cannot be decoded"),
        (encoded(Image.new("L", (10_001, 1))), "image/png", "10001 x 1 pixels"),
        (encoded(Image.new("1", (8_000, 6_000))), "image/png", "8000 x 6000 pixels"),
        (b"x" * (MAXIMUM_BYTES + 1), "image/png", f"more than {MAXIMUM_BYTES} bytes"),
    ],
    ids=["svg", "gif", "another type", "cut off", "too wide", "too many pixels", "too large"],
)
async def test_what_cannot_be_shown_is_refused_with_the_reason(
    shop: Shop, content: bytes, content_type: str, why: str
) -> None:
    image_id = await shop.upload(b"x", content_type)
    shop.files.content[upload_key("mug", image_id)] = content
    assert await shop.thumbnails.handle(upload_key("mug", image_id)) == "refused"
    state, refusal = await shop.state(image_id)
    assert state is ImageState.REFUSED
    assert why in (refusal or "")
    assert shop.files.content == {}


def test_a_bomb_is_refused_before_a_pixel_is_decoded() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with pytest.raises(UnusablePicture):
        read(bomb, "image/png")


def test_a_picture_is_turned_upright_and_loses_what_its_camera_wrote() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[CAMERA] = "ACME"
    picture = read(encoded(Image.new("RGB", (900, 300)), "JPEG", exif=exif), "image/jpeg")
    assert (picture.width, picture.height) == (300, 900)
    for (width, _), image in sizes(picture).items():
        assert image.size == (min(width, 300), min(width, 300) * 3)
        assert not image.getexif()
        assert not {"exif", "icc_profile", "xmp"} & image.info.keys()


def test_transparency_is_kept_where_the_format_can_and_white_elsewhere() -> None:
    made = sizes(read(encoded(Image.new("RGBA", (200, 200), (255, 0, 0, 0))), "image/png"))
    assert made[160, "webp"].convert("RGBA").getpixel((80, 80))[3] == 0  # type: ignore[index]
    assert made[160, "jpeg"].getpixel((80, 80)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_read(mode: str) -> None:
    assert sizes(read(encoded(Image.new(mode, (20, 10))), "image/png")).keys() == {
        (width, format) for width in WIDTHS for format in FORMATS
    }


def test_a_print_jpeg_is_shown_in_screen_colors() -> None:
    made = sizes(read(encoded(Image.new("CMYK", (20, 10)), "JPEG"), "image/jpeg"))
    assert {image.mode for image in made.values()} == {"RGB"}


@given(st.binary(max_size=200), st.sampled_from(["image/png", "image/jpeg", "image/webp"]))
def test_any_bytes_are_refused_and_never_crash(content: bytes, content_type: str) -> None:
    with pytest.raises(UnusablePicture):
        read(content, content_type)


@given(st.data())
def test_a_damaged_picture_is_shown_or_refused_and_never_crashes(data: st.DataObject) -> None:
    format = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP"]))
    content = bytearray(encoded(Image.new("RGB", (40, 30), "teal"), format))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        picture = read(bytes(content), f"image/{format.lower()}")
    except UnusablePicture:
        return
    assert len(sizes(replace(picture))) == len(WIDTHS) * len(FORMATS)


def test_messages_of_s3_name_the_objects() -> None:
    body = '{"Records": [{"s3": {"object": {"key": "uploads/a+b%2Fc"}}}, {"s3": {"object": {"key": "uploads/d"}}}]}'
    assert object_keys(body) == ("uploads/a b/c", "uploads/d")
    assert object_keys('{"Service": "Amazon S3", "Event": "s3:TestEvent"}') == ()
