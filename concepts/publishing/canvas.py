"""Pictures of dots and words, drawn twice as large for smooth edges."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

TWICE = 2
LATIN = 0x24F  # the last of the Latin letters
SYSTEM_FONTS = ("NotoSansCJK-Regular.ttc", "DejaVuSans.ttf", "Arial Unicode.ttf", "arial.ttf")


class Canvas:
    """White, `width` x `height` pixels; (0, 0) is left above. Colours are `#rrggbb`."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGB", (TWICE * width, TWICE * height), "white")
        self._draw = ImageDraw.Draw(self._image)

    def dots(self, places: NDArray[np.floating], colour: str, radius: float) -> None:
        """places (n, 2), all at once: a million take a second."""
        r = max(TWICE * radius, 0.5)
        around = np.arange(-int(r), int(r) + 1)
        x, y = np.meshgrid(around, around)
        inside = x**2 + y**2 <= r**2
        pixels = np.asarray(self._image).copy()
        at = np.round(TWICE * places).astype(np.int64)
        for dx, dy in zip(x[inside], y[inside], strict=True):
            rows = np.clip(at[:, 1] + dy, 0, pixels.shape[0] - 1)
            pixels[rows, np.clip(at[:, 0] + dx, 0, pixels.shape[1] - 1)] = ImageColor.getrgb(colour)
        self._image = Image.fromarray(pixels)
        self._draw = ImageDraw.Draw(self._image)

    def words(
        self, x: float, y: float, text: str, colour: str, size: float, anchor: str = "ls", paper: str = ""
    ) -> None:
        """`anchor` as Pillow has it: left, middle or right; ascender, middle or baseline. `paper`: a colour
        behind them."""
        font = _font(text, TWICE * size)
        at = (TWICE * x, TWICE * y)
        if paper:
            left, top, right, bottom = self._draw.textbbox(at, text, font, anchor)
            self._draw.rectangle((left - 4, top - 4, right + 4, bottom + 4), paper)
        self._draw.text(at, text, colour, font, anchor)

    def png(self) -> bytes:
        width, height = self._image.size
        small = self._image.resize((width // TWICE, height // TWICE), Image.Resampling.BOX)
        small.save(file := io.BytesIO(), "PNG")
        return file.getvalue()


def _font(text: str, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own, which has Latin letters; for others one of the system's, where there is one."""
    if max(map(ord, text), default=0) > LATIN:
        for name in SYSTEM_FONTS:
            with suppress(OSError):
                return ImageFont.truetype(name, size)
    return ImageFont.load_default(size)
