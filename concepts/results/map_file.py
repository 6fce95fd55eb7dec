"""The map of the library as a PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
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


def write_map(
    file: Path,
    places: Floats,
    codes: NDArray[np.uint8],
    colours: Sequence[tuple[str, str]],
    names: Sequence[tuple[float, float, str]],
) -> None:
    """Draw n pictures: places (n, 2) from -1 to 1, codes (n,) 0 for no colour, else 1 and the place of one of
    the `colours`, (what it is for, `#rrggbb`). names: (x, y, text).

    Raises `DiscernError` for another kind of file, and `OSError`.
    """
    if file.suffix.lower() != ".png":
        raise DiscernError(f"{file.name}: write a .png file.")
    above = ROW * -(-len(colours) // COLUMNS)
    canvas = Canvas(SIDE, SIDE + above)
    at = (places * (1, -1) + 1) * (SIDE / 2 - EDGE) + (EDGE, EDGE + above)
    radius = float(np.clip(8.2 / max(len(at) / 1000, 1) ** 0.5, 0.6, 6.6))
    for code, (word, colour) in enumerate([("", NO_COLOUR), *colours]):
        some = at[codes == code]
        canvas.dots(some, colour, radius)
        if word and len(some):
            row, column = divmod(code - 1, COLUMNS)
            left, middle = EDGE + column * (SIDE - 2 * EDGE) / COLUMNS, EDGE + ROW * row
            canvas.dots(np.array([[left + 8, middle]]), colour, 8)
            canvas.words(left + 26, middle, f"{word} ({len(some):,})", INK, WORDS, "lm")
    half = SIDE / 2 - EDGE
    for x, y, name in names:
        canvas.words(EDGE + half * (1 + x), EDGE + above + half * (1 - y), name, INK, WORDS, "mm", "#ffffff")
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, canvas.png())


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
        font = ImageFont.load_default(TWICE * size)  # Pillow's own, which has Latin letters
        if max(map(ord, text), default=0) > LATIN:
            for name in SYSTEM_FONTS:
                with suppress(OSError):
                    font = ImageFont.truetype(name, TWICE * size)
                    break
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
