"""The map of the library as a PNG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from concepts.errors import DiscernError
from concepts.publishing.canvas import Canvas
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
