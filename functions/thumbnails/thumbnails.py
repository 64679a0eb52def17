"""From an uploaded picture to the sizes that are shown."""

from __future__ import annotations

import asyncio

from commerce.catalog import ProductNotFound
from commerce.images import MAXIMUM_BYTES, ImageNotFound, ImageState, rendition_key, uploaded
from commerce.ports import FileNotThere, Files
from commerce.product_images import ProductImages
from functions.thumbnails.pictures import Picture, UnusablePicture, read


class Thumbnails:
    """Reads each upload once, whatever is delivered twice.

    The sizes are written before the picture is called ready, and the upload is deleted after it: what stops in between
    is done again.
    """

    def __init__(self, *, images: ProductImages, files: Files) -> None:
        self._images = images
        self._files = files

    async def handle(self, key: str) -> str:
        """Handles the upload under `key`; returns what became of it.

        Raises InvalidRequest for a key that is no upload's.
        """
        product_id, image_id = uploaded(key)
        try:
            image = await self._images.find(product_id, image_id)
            if image.state is ImageState.WAITING:
                return await self._settle(key, product_id, image_id, image.content_type)
        except (ProductNotFound, ImageNotFound):
            # Taken away meanwhile, or never asked for.
            await self._files.delete([key])
            return "unwanted"
        except FileNotThere:
            return "gone"
        await self._files.delete([key])
        return "known"

    async def _settle(self, key: str, product_id: str, image_id: str, content_type: str) -> str:
        content = await self._content(key)
        try:
            if content is None:
                raise UnusablePicture(f"It has more than {MAXIMUM_BYTES} bytes.")
            picture = await asyncio.to_thread(read, content, content_type)
            await self._publish(product_id, image_id, picture)
        except UnusablePicture as unusable:
            await self._images.refuse(product_id, image_id, str(unusable))
            await self._files.delete([key])
            return "refused"
        try:
            await self._images.accept(product_id, image_id, picture.width, picture.height)
        except (ProductNotFound, ImageNotFound):
            await self._images.delete_files(product_id, [image_id])
            raise
        await self._files.delete([key])
        return "ready"

    async def _publish(self, product_id: str, image_id: str, picture: Picture) -> None:
        for rendition in picture.renditions():
            name = rendition_key(product_id, image_id, rendition.width, rendition.format)
            await self._files.write(name, rendition.content, content_type=rendition.content_type)

    async def _content(self, key: str) -> bytes | None:
        """The whole upload; None when it is larger than anybody was allowed to send."""
        content = bytearray()
        async for part in self._files.read(key):
            content += part
            if len(content) > MAXIMUM_BYTES:
                return None
        return bytes(content)
