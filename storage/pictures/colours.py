"""Pixels of any colour mode → RGB."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

STRIP: Final = 64  # lines

_SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def rgb(picture: Image.Image) -> Image.Image:
    """On white, in sRGB, 8 bits a channel. Raises `ValueError` or `OSError` for a mode it can't convert."""
    profile = picture.info.get("icc_profile")
    image = _eight_bit(picture)
    if image.has_transparency_data:
        image = _on_white(image)
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    if profile:
        image = _to_srgb(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey by its high byte; 32-bit grey, which has no white of its own, from least to most.

    Some lines at a time: in double precision all of it would take ten times as much memory.
    """
    if image.mode.startswith("I;16"):
        return _in_strips(image, lambda strip: np.asarray(strip) >> 8)
    if image.mode in ("I", "F"):
        ends = [(values.min(), values.max()) for values in map(_finite, _strips(image))]
        low = min(least for least, _ in ends)
        span = max(most for _, most in ends) - low
        return _in_strips(image, lambda strip: (_finite(strip) - low) * (255.0 / span if span else 0.0))
    return image


def _on_white(image: Image.Image) -> Image.Image:
    """Some lines at a time, as above."""
    made = Image.new("RGB", image.size, "white")
    for place, strip in enumerate(_strips(image)):
        layer = strip.convert("RGBA")
        made.paste(layer, (0, place * STRIP), mask=layer.getchannel("A"))
    return made


def _finite(image: Image.Image) -> NDArray[np.float64]:
    return np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)


def _strips(image: Image.Image) -> Iterator[Image.Image]:
    for top in range(0, image.height, STRIP):
        yield image.crop((0, top, image.width, min(top + STRIP, image.height)))


def _in_strips(image: Image.Image, grey: Callable[[Image.Image], NDArray[Any]]) -> Image.Image:
    """`grey` of each strip, 0 to 255, cut to whole numbers."""
    made = Image.new("L", image.size)
    for place, strip in enumerate(_strips(image)):
        made.paste(Image.fromarray(grey(strip).astype(np.uint8)), (0, place * STRIP))
    return made


def _to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Colours as meant by the embedded profile. A profile that is broken or of another mode is ignored."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}[image.mode]
        if profile.profile.xcolor_space != space or "sRGB" in (profile.profile.profile_description or ""):
            return image
        in_place = image.mode == "RGB"  # without another copy
        return ImageCms.profileToProfile(image, profile, _SRGB, outputMode="RGB", inPlace=in_place) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
