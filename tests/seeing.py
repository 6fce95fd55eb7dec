"""SIMULATED eyes for simulated models: they read a drawn digit and its colour by the pixels alone."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from concepts.language.capabilities import COLOURS

SIZE = (24, 32)
FAR = 90  # from the ground, as a sum over the channels


def reads(jpeg: bytes) -> dict[str, object]:
    """The digit of the picture and the name of its colour."""
    pixels = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"), dtype=np.int32)
    ink = np.abs(pixels - pixels[0, 0]).sum(axis=2) > FAR
    colour = np.median(pixels[ink], axis=0)
    near = min(COLOURS, key=lambda name: float(np.abs(colour - np.array(COLOURS[name])).sum()))
    shape = _shape(ink)
    digit = min(range(10), key=lambda number: float(np.abs(shape - _known(number)).sum()))
    return {"digit": digit, "colour": near}


@cache
def _known(digit: int) -> NDArray[np.float64]:
    image = Image.new("L", (300, 300), 0)
    ImageDraw.Draw(image).text((150, 150), str(digit), 255, ImageFont.load_default(220), anchor="mm")
    return _shape(np.asarray(image) > 128)


def _shape(ink: NDArray[np.bool_]) -> NDArray[np.float64]:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    small = Image.fromarray((cut * 255).astype(np.uint8)).resize(SIZE, Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64) / 255
