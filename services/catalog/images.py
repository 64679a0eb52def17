"""The routes and bodies of a product's pictures, for its owner. Buyers see the ready ones with the product."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from commerce.images import MAXIMUM_IMAGES, MAXIMUM_TEXT, ImageState, ProductImage
from commerce.ports import SignedUpload
from services.catalog.dependencies import CatalogDependency
from services.catalog.endpoints import ProductId
from services.http.edge import Body, Line
from services.http.identity import SignedInSeller

router = APIRouter(prefix="/catalog/products/{product_id}/images", tags=["images"])

ImageId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
AltText = Annotated[Line, Field(max_length=MAXIMUM_TEXT)]


class ImageRequest(Body):
    """A picture that is about to be uploaded; `alt` says what can be seen on it."""

    content_type: Literal["image/jpeg", "image/png", "image/webp"]
    alt: AltText


class UploadBody(BaseModel):
    """A form to send as `multipart/form-data` to `url`: the fields, and after them the file as `file`."""

    url: str
    fields: dict[str, str]
    expires_at: datetime

    @classmethod
    def of(cls, upload: SignedUpload) -> UploadBody:
        return cls(url=upload.url, fields=dict(upload.fields), expires_at=upload.expires_at)


class ImageBody(BaseModel):
    """A picture as its owner sees it. One that was refused says why; remove it from the list and send another."""

    image_id: str
    alt: str
    state: ImageState
    width: int | None
    height: int | None
    refusal: str | None

    @classmethod
    def of(cls, image: ProductImage) -> ImageBody:
        return cls(
            image_id=image.image_id,
            alt=image.alt,
            state=image.state,
            width=image.width,
            height=image.height,
            refusal=image.refusal,
        )


class ExpectedImageBody(BaseModel):
    """The picture, waiting for its upload."""

    image: ImageBody
    upload: UploadBody


class ImagesBody(BaseModel):
    """All pictures of a product in their order."""

    items: list[ImageBody]


class PlaceRequest(Body):
    """A picture in the order; `alt` replaces the text that it has."""

    image_id: str = Field(pattern="^[0-9a-f]{32}$")
    alt: AltText


class OrderRequest(Body):
    """The pictures in the order in which they are shown. Those that are not named are removed."""

    items: list[PlaceRequest] = Field(max_length=MAXIMUM_IMAGES)


@router.get("", summary="Your product's pictures, also those that nobody sees yet")
async def list_images(catalog: CatalogDependency, caller: SignedInSeller, product_id: ProductId) -> ImagesBody:
    return ImagesBody(items=[ImageBody.of(one) for one in await catalog.images.of(product_id, caller.user_id)])


@router.post("", status_code=201, summary="Add a picture: a signed form to upload it with")
async def add_image(
    catalog: CatalogDependency, caller: SignedInSeller, product_id: ProductId, body: ImageRequest
) -> ExpectedImageBody:
    expected = await catalog.images.expect(product_id, caller.user_id, content_type=body.content_type, alt=body.alt)
    return ExpectedImageBody(image=ImageBody.of(expected.image), upload=UploadBody.of(expected.upload))


@router.post("/{image_id}/confirm", summary="Ask what became of an upload")
async def confirm_image(
    catalog: CatalogDependency, caller: SignedInSeller, product_id: ProductId, image_id: ImageId
) -> ImageBody:
    return ImageBody.of(await catalog.images.confirm(product_id, caller.user_id, image_id))


@router.put("", summary="Put the pictures in order, with their texts; remove those that are not named")
async def arrange_images(
    catalog: CatalogDependency, caller: SignedInSeller, product_id: ProductId, body: OrderRequest
) -> ImagesBody:
    order = [(place.image_id, place.alt) for place in body.items]
    arranged = await catalog.images.arrange(product_id, caller.user_id, order)
    return ImagesBody(items=[ImageBody.of(image) for image in arranged])
