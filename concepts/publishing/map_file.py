"""The map of the library as a PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

from concepts.errors import DiscernError
from storage.files import write_whole
from storage.vectors.ids import Floats

INK, NO_COLOUR = "#1f2937", "#9a9a94"  # of pictures that no colour is for
SIDE, EDGE = 1350, 30  # pixels
COLUMNS, ROW, WORDS = 3, 34, 19  # of what the colours mean: columns, pixels of a row, of its words


@dataclass(frozen=True, eq=False)
class MapPoints:
    """n pictures: places (n, 2) from -1 to 1, codes (n,) 0 for no colour, else 1 and the place of one of the
    `colours`, (what it is for, `#rrggbb`). names: (x, y, text)."""

    places: Floats
    codes: NDArray[np.uint8]
    colours: Sequence[tuple[str, str]]
    names: Sequence[tuple[float, float, str]]


def write_map(file: Path, points: MapPoints) -> None:
    """Raises `DiscernError` for another kind of file, and `OSError`."""
    if file.suffix.lower() != ".png":
        raise DiscernError(f"{file.name}: write a .png file.")
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, _png(points))


def _png(points: MapPoints) -> bytes:
    legend = [("", NO_COLOUR), *points.colours]
    rows = -(-len(points.colours) // COLUMNS)
    canvas, above = Canvas(SIDE, SIDE + ROW * rows), ROW * rows
    at = (points.places * (1, -1) + 1) * (SIDE / 2 - EDGE) + (EDGE, EDGE + above)
    radius = float(np.clip(8.2 / max(len(at) / 1000, 1) ** 0.5, 0.6, 6.6))
    for code, (word, colour) in enumerate(legend):
        some = at[points.codes == code]
        canvas.dots(some, colour, radius)
        if word and len(some):
            row, column = divmod(code - 1, COLUMNS)
            left, middle = EDGE + column * (SIDE - 2 * EDGE) / COLUMNS, EDGE + ROW * row
            canvas.dots(np.array([[left + 8, middle]]), colour, 8)
            canvas.words(left + 26, middle, f"{word} ({len(some):,})", INK, WORDS, "lm")
    for x, y, name in points.names:
        half = SIDE / 2 - EDGE
        canvas.words(EDGE + half * (1 + x), EDGE + above + half * (1 - y), name, INK, WORDS, "mm", "#ffffff")
    return canvas.png()


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
