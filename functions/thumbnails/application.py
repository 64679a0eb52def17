"""The composition root of the thumbnail function."""

from __future__ import annotations

from commerce.adapters import cloud
from commerce.product_images import ProductImages
from functions.thumbnails.settings import ThumbnailSettings
from functions.thumbnails.thumbnails import Thumbnails


def open_thumbnails() -> Thumbnails:
    """Connects to the stores that this process's environment names."""
    settings = ThumbnailSettings()
    chosen = cloud.load(settings.cloud)
    files = chosen.files(settings.images_store)
    images = ProductImages(products=chosen.products(settings.products_collection), files=files)
    return Thumbnails(images=images, files=files)
