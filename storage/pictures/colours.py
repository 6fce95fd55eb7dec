"""Pixels of any colour mode → RGB."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image, ImageCms

_SRGB: Final = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def rgb(picture: Image.Image) -> Image.Image:
    """On white, in sRGB, 8 bits a channel. Raises `ValueError` or `OSError` for a mode it can't convert."""
    profile = picture.info.get("icc_profile")
    image = _eight_bit(picture)
    if image.has_transparency_data:
        layer = image if image.mode == "RGBA" else image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer.getchannel("A"))
        del layer  # as large as the picture
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    if profile:
        image = _to_srgb(image, profile)
    # `copy` turns the reader's object, which holds the file's bytes, into a plain image.
    if image.mode != "RGB":
        return image.convert("RGB")
    return image.copy() if image is picture else image


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit grey by its high byte; 32-bit grey, which has no white of its own, from least to most."""
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        values = np.nan_to_num(np.asarray(image, dtype=np.float64), posinf=0.0, neginf=0.0)
        low, span = values.min(), np.ptp(values)
        return Image.fromarray(((values - low) * (255.0 / span if span else 0.0)).astype(np.uint8))
    return image


def _to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Colours as meant by the embedded profile. A profile that is broken or of another mode is ignored."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}[image.mode]
        if profile.profile.xcolor_space != space or "sRGB" in (profile.profile.profile_description or ""):
            return image
        return ImageCms.profileToProfile(image, profile, _SRGB, outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
