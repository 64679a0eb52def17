"""Product Image Store: what sellers upload, and the pictures that buyers see.

Three prefixes keep apart what different people may do. Sellers put pictures under `uploads/` and files of offers under
`imports/`, each by a signed request for one key; nobody else reads them. What the thumbnail function makes of the
pictures is under `images/`, the only prefix that a CDN may read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.component import Component
from components.environment import Environment
from components.link import Access
from components.upload_queue import UploadQueue

UPLOADS_PREFIX: Final = "uploads/"
IMPORTS_PREFIX: Final = "imports/"
PUBLIC_PREFIX: Final = "images/"


@dataclass(frozen=True, kw_only=True)
class ProductImagesArgs:
    """Contract of the product image store."""

    allowed_origins: Sequence[str]
    """Origins whose pages may upload from a browser."""
    upload_seconds: int = 60
    """How long a consumer may work on an uploaded picture."""
    import_seconds: int = 300
    """How long a consumer may work on a file of offers."""
    keep_uploads_days: int = 1
    keep_imports_days: int = 30


@dataclass(frozen=True, kw_only=True)
class ProductImagesEnvironment(Environment):
    """Where the files are: `IMAGES_STORE` for a store named `images`."""

    store: pulumi.Input[str]
    """Name of the bucket or container."""


class ProductImages(Component):
    """A private, encrypted store of files.

    `reads` reads what was uploaded. `reads-writes` also signs uploads and takes public pictures away, and `publishes`
    also writes public pictures, and deletes them and the uploads that they were made of.
    """

    FUNCTION = "product-images"
    OFFERS = (Access.READS, Access.READS_WRITES, Access.PUBLISHES)

    origin: pulumi.Output[str]
    """Host name from which a CDN reads what is under `PUBLIC_PREFIX`, signing its requests."""
    uploads: UploadQueue
    """A message for each picture that was uploaded."""
    imports: UploadQueue
    """A message for each file of offers that was uploaded."""
