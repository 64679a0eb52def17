"""Pictures of a product: uploaded by its owner, turned into sizes that a page can show, put in order with a text each.

A picture is `waiting` from the moment its upload is signed. What was uploaded is read once: it becomes `ready`, or
`refused` with the reason. Buyers see the ready ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from commerce.errors import InvalidRequest, MarketplaceError

CONTENT_TYPES: Final = ("image/jpeg", "image/png", "image/webp")
MAXIMUM_BYTES: Final = 10 * 2**20
MAXIMUM_PIXELS: Final = 40_000_000
MAXIMUM_SIDE: Final = 10_000
MAXIMUM_IMAGES: Final = 12
MAXIMUM_TEXT: Final = 300
UPLOAD_TTL: Final = timedelta(minutes=10)
FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""A picture that nobody uploaded gives its place to another after this time."""
WIDTHS: Final = (160, 480, 1200)
"""Of the sizes that are shown, in pixels. A smaller picture is not enlarged."""
FORMATS: Final = ("webp", "jpeg")


class ImageState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductImage:
    """`alt` says what can be seen. `width` and `height` are the upright picture's, null until it is ready; `refusal`
    says why it was refused."""

    image_id: str
    content_type: str
    alt: str
    signed_at: datetime
    state: ImageState = ImageState.WAITING
    width: int | None = None
    height: int | None = None
    refusal: str | None = None


Images = tuple[ProductImage, ...]


def upload_key(product_id: str, image_id: str) -> str:
    """Where the owner puts the picture."""
    return f"uploads/{product_id}/{image_id}"


def uploaded(key: str) -> tuple[str, str]:
    """The product and the image of an `upload_key`; raises InvalidRequest for another key."""
    match key.split("/"):
        case ["uploads", product_id, image_id]:
            return product_id, image_id
    raise InvalidRequest(f"{key!r} is not where a picture is uploaded.")


def rendition_key(product_id: str, image_id: str, width: int, format: str) -> str:
    """Where one size of the picture is shown from; with a slash before, its path on the public site."""
    return f"images/{product_id}/{image_id}/{width}.{format}"


def rendition_keys(product_id: str, image_id: str) -> tuple[str, ...]:
    """All sizes of one picture."""
    return tuple(rendition_key(product_id, image_id, width, format) for width in WIDTHS for format in FORMATS)


def visible(images: Images) -> Images:
    """Those that buyers see, in their order."""
    return tuple(image for image in images if image.state is ImageState.READY)


def expect(images: Images, image: ProductImage) -> Images:
    """`images` with one more at the end, without those that were never uploaded. Raises TooManyImages."""
    if image.content_type not in CONTENT_TYPES:
        raise InvalidRequest(f"A picture is {', '.join(CONTENT_TYPES)}, not {image.content_type}.")
    kept = tuple(one for one in images if not _forgotten(one, image.signed_at))
    if len(kept) >= MAXIMUM_IMAGES:
        raise TooManyImages(len(kept))
    return (*kept, image)


def find(images: Images, image_id: str) -> ProductImage:
    """Raises ImageNotFound."""
    for image in images:
        if image.image_id == image_id:
            return image
    raise ImageNotFound((image_id,))


def accept(images: Images, image_id: str, width: int, height: int) -> Images:
    """The picture was read and its sizes are there."""
    return _settled(images, image_id, state=ImageState.READY, width=width, height=height)


def refuse(images: Images, image_id: str, refusal: str) -> Images:
    """What was uploaded is no picture that can be shown."""
    return _settled(images, image_id, state=ImageState.REFUSED, refusal=refusal)


def arrange(images: Images, order: Sequence[tuple[str, str]]) -> Images:
    """`images` in this order of ids and alt texts; those that are not named are dropped.

    Raises ImageNotFound for ids that the product does not have, InvalidRequest for one that is named twice.
    """
    known = {image.image_id: image for image in images}
    named = [image_id for image_id, _ in order]
    if unknown := [image_id for image_id in named if image_id not in known]:
        raise ImageNotFound(tuple(unknown))
    if len(set(named)) != len(named):
        raise InvalidRequest("Each picture has one place: name each once.")
    return tuple(replace(known[image_id], alt=alt) for image_id, alt in order)


def _settled(images: Images, image_id: str, **outcome: object) -> Images:
    """Only a waiting picture changes: the same upload may be read twice, and what is shown already is cached."""
    find(images, image_id)
    return tuple(
        replace(image, **outcome)  # type: ignore[arg-type]
        if image.image_id == image_id and image.state is ImageState.WAITING
        else image
        for image in images
    )


def _forgotten(image: ProductImage, now: datetime) -> bool:
    return image.state is ImageState.WAITING and now - image.signed_at > FORGOTTEN_AFTER


class TooManyImages(MarketplaceError):
    status = 409
    code = "too-many-images"
    title = "The product has all the pictures it can have"

    def __init__(self, count: int) -> None:
        super().__init__(
            f"The product has {count} pictures, and {MAXIMUM_IMAGES} is the most. Leave one out of the list first.",
            maximum=MAXIMUM_IMAGES,
        )


class ImageNotFound(MarketplaceError):
    status = 404
    code = "image-not-found"
    title = "The product has no such picture"

    def __init__(self, image_ids: tuple[str, ...]) -> None:
        super().__init__(f"The product has no picture {', '.join(image_ids)}.", image_ids=list(image_ids))
        self.image_ids = image_ids


class ImageNotUploaded(MarketplaceError):
    """The upload that was signed has not arrived in the store."""

    status = 409
    code = "image-not-uploaded"
    title = "The picture was not uploaded"

    def __init__(self, image_id: str) -> None:
        super().__init__(
            f"Nothing was uploaded for picture {image_id}. Send the form to the store first; after "
            f"{UPLOAD_TTL.total_seconds() / 60:.0f} minutes ask for a new one.",
            image_id=image_id,
        )
        self.image_id = image_id
