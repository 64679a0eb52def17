"""The way of a picture: signed for the product's owner, uploaded by them, read once, shown to buyers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from commerce import images
from commerce.catalog import NotTheSeller, Product, ProductChanged
from commerce.images import Images, ImageState, ProductImage
from commerce.ports import Files, Products, SignedUpload

_ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedImage:
    """A picture and the form that uploads it."""

    image: ProductImage
    upload: SignedUpload


class ProductImages:
    """Works on the pictures of products. Each change is written over the product that was read, or tried again."""

    def __init__(self, *, products: Products, files: Files) -> None:
        self._products = products
        self._files = files

    async def of(self, product_id: str, owner_id: str) -> Images:
        """All pictures, for their owner. Raises ProductNotFound, NotTheSeller."""
        return (await self._owned(product_id, owner_id)).images

    async def expect(self, product_id: str, owner_id: str, *, content_type: str, alt: str) -> ExpectedImage:
        """Add a picture that its owner is about to upload. Raises ProductNotFound, NotTheSeller, TooManyImages."""
        now = datetime.now(UTC)
        image = ProductImage(image_id=uuid.uuid4().hex, content_type=content_type, alt=alt, signed_at=now)
        await self._change(product_id, owner_id, lambda known: images.expect(known, image))
        upload = await self._files.sign_upload(
            images.upload_key(product_id, image.image_id),
            content_type=content_type,
            most_bytes=images.MAXIMUM_BYTES,
            ttl=images.UPLOAD_TTL,
        )
        return ExpectedImage(image=image, upload=upload)

    async def confirm(self, product_id: str, owner_id: str, image_id: str) -> ProductImage:
        """The picture as it is, once something was uploaded for it. Raises ImageNotUploaded, ImageNotFound."""
        image = images.find((await self._owned(product_id, owner_id)).images, image_id)
        if image.state is not ImageState.WAITING:
            return image
        if await self._files.size(images.upload_key(product_id, image_id)) is not None:
            return image
        # It may have been read, and then deleted, meanwhile.
        image = images.find((await self._owned(product_id, owner_id)).images, image_id)
        if image.state is ImageState.WAITING:
            raise images.ImageNotUploaded(image_id)
        return image

    async def arrange(self, product_id: str, owner_id: str, order: Sequence[tuple[str, str]]) -> Images:
        """Give the pictures this order of ids and alt texts, and delete the others. Raises ImageNotFound."""
        before, after = await self._change(product_id, owner_id, lambda known: images.arrange(known, order))
        kept = {image.image_id for image in after}
        await self.delete_files(product_id, {image.image_id for image in before} - kept)
        return after

    async def find(self, product_id: str, image_id: str) -> ProductImage:
        """A picture, for the marketplace itself. Raises ProductNotFound, ImageNotFound."""
        return images.find((await self._products.get(product_id)).images, image_id)

    async def delete_files(self, product_id: str, image_ids: Collection[str]) -> None:
        """Delete what buyers saw of pictures that the product does not have any more."""
        await self._files.delete([key for one in image_ids for key in images.rendition_keys(product_id, one)])

    async def accept(self, product_id: str, image_id: str, width: int, height: int) -> None:
        """The picture can be shown. Raises ProductNotFound, ImageNotFound when it was taken away meanwhile."""
        await self._change(product_id, None, lambda known: images.accept(known, image_id, width, height))

    async def refuse(self, product_id: str, image_id: str, refusal: str) -> None:
        """The picture cannot be shown. Raises ProductNotFound, ImageNotFound when it was taken away meanwhile."""
        await self._change(product_id, None, lambda known: images.refuse(known, image_id, refusal))

    async def _change(
        self, product_id: str, owner_id: str | None, rule: Callable[[Images], Images]
    ) -> tuple[Images, Images]:
        """The pictures before and after the change. `owner_id` is None for the marketplace itself."""
        attempt = 1
        while True:
            known = await self._owned(product_id, owner_id)
            changed = replace(known, images=rule(known.images))
            if changed == known:
                return known.images, known.images
            try:
                await self._products.put(changed, replacing=known)
            except ProductChanged:
                if attempt == _ATTEMPTS:
                    raise
                attempt += 1
            else:
                return known.images, changed.images

    async def _owned(self, product_id: str, owner_id: str | None) -> Product:
        product = await self._products.get(product_id)
        if owner_id not in (None, product.owner_id):
            raise NotTheSeller(str(owner_id), product_id)
        return product
