"""Pictures as bytes: what is refused, and the sizes that are made of the rest.

What a stranger uploads is read with suspicion: only three decoders are tried, and the dimensions are judged before a
pixel is decoded, so that a small file cannot ask for gigabytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from commerce.images import FORMATS, MAXIMUM_PIXELS, MAXIMUM_SIDE, WIDTHS

DECODERS: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
QUALITY: Final = 82
SIDEWAYS: Final = frozenset({5, 6, 7, 8})
"""EXIF orientations in which width and height change places."""
WHITE: Final = (255, 255, 255)
# Pillow's own guard warns first, and raises at twice this size. `_check_size` is stricter and comes before.
Image.MAX_IMAGE_PIXELS = MAXIMUM_PIXELS


class UnusablePicture(Exception):
    """What was uploaded cannot be shown; the message says why, to its seller."""


@dataclass(frozen=True, kw_only=True)
class Rendition:
    """One size of a picture, without anything that its camera wrote into it."""

    width: int
    """The size's nominal width; a smaller picture keeps its own."""
    format: str
    content: bytes

    @property
    def content_type(self) -> str:
        return f"image/{self.format}"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A decoded picture, upright, in sRGB. Its `pixels` may be fewer than it came with, but never fewer than shown."""

    width: int
    height: int
    pixels: Image.Image

    def renditions(self) -> Iterator[Rendition]:
        """Every size in every format, made one after the other."""
        pixels = self.pixels
        for width in sorted(WIDTHS, reverse=True):
            if pixels.width > width:
                pixels = pixels.resize(
                    (width, max(1, round(pixels.height * width / pixels.width))), Image.Resampling.LANCZOS
                )
            for format in FORMATS:
                yield Rendition(width=width, format=format, content=_encoded(pixels, format))


def read(content: bytes, content_type: str) -> Picture:
    """Decodes a picture of the type that was announced. Raises UnusablePicture."""
    try:
        with Image.open(io.BytesIO(content), formats=tuple(DECODERS)) as opened:
            found = DECODERS.get(str(opened.format))
            if found != content_type:
                raise UnusablePicture(f"It was announced as {content_type} and is {found}.")
            _check_size(opened.width, opened.height)
            turned = opened.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS
            width, height = reversed(opened.size) if turned else opened.size
            # A JPEG is decoded at a fraction of its size where that is enough.
            opened.draft("RGB", (2 * max(WIDTHS), 2 * max(WIDTHS)))
            opened.load()
            upright = ImageOps.exif_transpose(opened)
            return Picture(width=width, height=height, pixels=_plain(upright))
    except UnidentifiedImageError as error:
        raise UnusablePicture("It is not a JPEG, PNG or WebP picture.") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UnusablePicture(f"It cannot be decoded: {error}.") from error


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAXIMUM_SIDE or width * height > MAXIMUM_PIXELS:
        raise UnusablePicture(
            f"It has {width} x {height} pixels; the most is {MAXIMUM_SIDE} a side and {MAXIMUM_PIXELS} in all."
        )


def _plain(pixels: Image.Image) -> Image.Image:
    """In sRGB, with transparency where there is some, and nothing else: no profile, no position, no camera."""
    transparent = pixels.has_transparency_data
    profile = pixels.info.get("icc_profile")
    if profile and pixels.mode in ("RGB", "RGBA", "CMYK"):
        pixels = _in_srgb(pixels, profile)
    plain = pixels.convert("RGBA" if transparent else "RGB")
    plain.info.clear()
    return plain


def _in_srgb(pixels: Image.Image, profile: bytes) -> Image.Image:
    mode = "RGBA" if pixels.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(pixels, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return pixels  # a damaged profile: the colors are shown as they are
    return pixels if converted is None else converted


def _encoded(pixels: Image.Image, format: str) -> bytes:
    output = io.BytesIO()
    if format == "jpeg":
        if pixels.mode == "RGBA":
            opaque = Image.new("RGB", pixels.size, WHITE)
            opaque.paste(pixels, mask=pixels.getchannel("A"))
            pixels = opaque
        pixels.save(output, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    else:
        pixels.save(output, "WEBP", quality=QUALITY, method=4)
    return output.getvalue()
