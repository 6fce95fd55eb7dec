"""Pictures of figures: lines, areas, dots and words, drawn twice as large for smooth edges."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from math import hypot

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

TWICE = 2
LATIN = 0x24F  # the last of the Latin letters
SYSTEM_FONTS = ("NotoSansCJK-Regular.ttc", "DejaVuSans.ttf", "Arial Unicode.ttf", "arial.ttf")

Point = tuple[float, float]


class Canvas:
    """White, `width` x `height` pixels; (0, 0) is left above. Colours are `#rrggbb`."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGB", (TWICE * width, TWICE * height), "white")
        self._draw = ImageDraw.Draw(self._image)

    def line(self, points: Sequence[Point], colour: str, width: float, dash: Sequence[float] = ()) -> None:
        """`dash`: pixels of a stroke, and of the gap after it."""
        for part in _dashes(points, *dash) if dash else [points]:
            at = [(TWICE * x, TWICE * y) for x, y in part]
            self._draw.line(at, colour, round(TWICE * width), joint="curve")

    def area(self, points: Sequence[Point], colour: str) -> None:
        self._draw.polygon([(TWICE * x, TWICE * y) for x, y in points], colour)

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

    def turned_words(self, x: float, y: float, text: str, colour: str, size: float) -> None:
        """From below upwards; (x, y) is their middle."""
        font = _font(text, TWICE * size)
        left, top, right, bottom = font.getbbox(text)
        mask = Image.new("L", (round(right - left) + 4, round(bottom - top) + 4))
        ImageDraw.Draw(mask).text((2 - left, 2 - top), text, 255, font)
        mask = mask.rotate(90, expand=True)
        place = round(TWICE * x - mask.width / 2), round(TWICE * y - mask.height / 2)
        self._image.paste(Image.new("RGB", mask.size, colour), place, mask)

    def png(self) -> bytes:
        width, height = self._image.size
        small = self._image.resize((width // TWICE, height // TWICE), Image.Resampling.BOX)
        small.save(file := io.BytesIO(), "PNG")
        return file.getvalue()


def text_width(text: str, size: float) -> float:
    return float(_font(text, size).getlength(text))


def _font(text: str, size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own, which has Latin letters; for others one of the system's, where there is one."""
    if max(map(ord, text), default=0) > LATIN:
        for name in SYSTEM_FONTS:
            with suppress(OSError):
                return ImageFont.truetype(name, size)
    return ImageFont.load_default(size)


def lighter(colour: str, share: float) -> str:
    """That share of a colour on white."""
    red, green, blue = (round(255 - share * (255 - part)) for part in ImageColor.getrgb(colour)[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


def _dashes(points: Sequence[Point], stroke: float, gap: float) -> Iterator[tuple[Point, Point]]:
    left, drawn = stroke, True  # of this stroke or gap
    for (x, y), (to_x, to_y) in pairwise(points):
        length, done = hypot(to_x - x, to_y - y), 0.0
        while done < length:
            step = min(left, length - done)
            if drawn:
                at = [(done + part) / length for part in (0.0, step)]
                begin, end = ((x + share * (to_x - x), y + share * (to_y - y)) for share in at)
                yield begin, end
            done, left = done + step, left - step
            if left <= 0:
                drawn = not drawn
                left = stroke if drawn else gap
