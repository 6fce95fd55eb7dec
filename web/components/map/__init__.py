"""`PictureMap`: every picture as a dot near similar ones; to move through, and to choose a part of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from web.components import Drawn, begins

FOLDER = Path(__file__).parent


class PictureMap(Drawn):
    """Draws a million dots pixel by pixel. Drag or arrows move it; wheel, + and − zoom, 0 resets. A click, a
    shape drawn with Shift or after *Select*, and Enter for all in view choose pictures.

    The value is `{"key", "pictures", "names": [{"name", "x", "y"}, …], "shape", "said", "colours": {…},
    "shown"}`: `key` names what is on the map, `shape` is the chosen part ("x,y x,y", from -1 to 1), `colours`
    the query by which dots are coloured, `shown` the query that ends the addresses of pictures.

    `source`: an address of this site, below which are `places?key=…` (x and y of each picture, from 0 to
    65,535, as little-endian numbers of 16 bits), `colours?key=…` (a byte each: 0, or 1 and the place in the
    legend, a JSON list of `{"word", "colour", "pictures"}` in the header `Map-Legend`) and
    `pictures/KEY/PLACE`, the small picture at a place. The event `choose` has `gr.EventData` with `shape`.
    """

    def __init__(self, value: Any = None, *, script: str, style: str, source: str, **how: Any) -> None:
        """`script`, `style`: addresses of `map.js` and `map.css`."""
        self.source = source
        super().__init__(
            (FOLDER / "map.html").read_text(encoding="utf-8"),
            begins(script, ["choose"], source=source),
            style=style,
            value=value,
            **how,
        )
