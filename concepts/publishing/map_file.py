"""The map of the library as a file: a PNG, or a CSV of pictures and their places."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from concepts.errors import DiscernError
from storage.csv_files import escaped
from storage.files import write_whole
from storage.places import texts_of
from storage.vectors.ids import Floats, PictureIds

NO_COLOUR = "#9a9a94"  # of pictures that no colour is for


@dataclass(frozen=True, eq=False)
class MapPoints:
    """n pictures: places (n, 2) from -1 to 1, codes (n,) 0 for no colour, else 1 and the place of one of the
    `colours`, (what it is for, `#rrggbb`). names: (x, y, text)."""

    ids: PictureIds
    places: Floats
    codes: NDArray[np.uint8]
    colours: Sequence[tuple[str, str]]
    names: Sequence[tuple[float, float, str]]


def write_map(file: Path, points: MapPoints) -> None:
    """Raises `DiscernError` for another kind of file, and `OSError`."""
    kinds = {".png": _png, ".csv": _csv}
    if file.suffix.lower() not in kinds:
        raise DiscernError(f"{file.name}: write a .png or a .csv file.")
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, kinds[file.suffix.lower()](points))


def _csv(points: MapPoints) -> bytes:
    from pyarrow.csv import write_csv

    words = pa.array(["", *(escaped(word) for word, _ in points.colours)]).take(pa.array(points.codes))
    x, y = (pa.array(points.places[:, axis].astype(np.float64).round(5)) for axis in (0, 1))
    table = pa.table({"id": texts_of(points.ids), "x": x, "y": y, "colour": words})
    file = io.BytesIO()
    write_csv(table, file)
    return file.getvalue()


def _png(points: MapPoints) -> bytes:
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(9, 9), dpi=150, layout="constrained")
    axes = canvas.subplots()
    axes.set_axis_off()
    axes.set_aspect("equal")
    size = float(np.clip(40_000 / max(len(points.places), 1), 0.3, 40))
    for code, (word, colour) in enumerate([("", NO_COLOUR), *points.colours]):
        x, y = points.places[points.codes == code].T
        label = f"{word} ({len(x):,})" if word and len(x) else None
        axes.scatter(x, y, s=size, c=colour, linewidths=0, label=label, zorder=1 + bool(code))
    for x, y, name in points.names:
        paper = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.5}
        axes.text(x, y, name, ha="center", va="center", fontsize=9, bbox=paper, zorder=3)
    if points.colours:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, markerscale=3)
    file = io.BytesIO()
    canvas.savefig(file, format="png", facecolor="white", metadata={"Software": None})
    return file.getvalue()
