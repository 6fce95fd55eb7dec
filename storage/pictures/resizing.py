"""Smaller copies of a picture: for lists, for looking at it alone, for a vision-language model."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, ImageFilter

THUMBNAIL_SIDE: Final = 320
RENDITION_SIDE: Final = 1280
MODEL_SIDE: Final = 768
BLURRED_SIDE: Final = 32  # pixels that are left of a blurred picture


def thumbnail(image: Image.Image) -> bytes:
    """WebP with the longest side at most 320 px, no metadata."""
    # Method 2 takes half the time of 4 for files 4 % larger; 0 saves another third but they grow by 22 %.
    return _encode(_shrunk(image, THUMBNAIL_SIDE), "WEBP", quality=75, method=2)


def rendition(image: Image.Image) -> bytes:
    """WebP to look at one picture at a time, the longest side at most 1,280 px, no metadata."""
    return _encode(_shrunk(image, RENDITION_SIDE), "WEBP", quality=82, method=1)


def protected(content: bytes, small: bytes, *, blur: bool, greyscale: bool) -> bytes:
    """JPEG as large as a thumbnail or rendition, for people who do not want to see it in clear. A blurred one
    is made from its thumbnail, `small`: that takes a quarter of the time."""
    size = Image.open(io.BytesIO(content)).size
    image = Image.open(io.BytesIO(small if blur else content)).convert("L" if greyscale else "RGB")
    if blur:
        few = image.reduce(max(1, max(image.size) // BLURRED_SIDE)).filter(ImageFilter.GaussianBlur(2))
        image = few.resize(size, Image.Resampling.BILINEAR)
    return _encode(image, "JPEG", quality=75)  # takes half the time of WebP


def model_jpeg(image: Image.Image, side: int = MODEL_SIDE) -> bytes:
    """JPEG for a vision-language model with the longest side at most `side` px, no metadata."""
    return _encode(_shrunk(image, side), "JPEG", quality=85, optimize=True)


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    scale = side / max(image.size)
    if scale >= 1:
        return image.copy()
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def _encode(image: Image.Image, kind: str, **options: object) -> bytes:
    image.info = {}  # encoders would copy a profile or a comment from there
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
