"""Pictures as a `PictureGrid` shows them, and grids whose pictures are labelled where they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from concepts.library.collection import collection_of
from concepts.use_cases import App
from web.components.grid import PictureGrid
from web.render import file_name

ALL_KEYS = {"y": "yes", "n": "no", "u": "unsure"}


def labelled_grid(label: str, elem_id: str, style: str = "", **how: Any) -> PictureGrid:
    """A grid in which Y, N and U label. `style`: one more class."""
    return PictureGrid(
        script="/web/components/grid/labelled.js",
        style="/web/components/grid/grid.css",
        keys=ALL_KEYS,
        label=label,
        elem_id=elem_id,
        elem_classes=f"labelled {style}".split(),
        **how,
    )


def tiles(app: App, shown: Sequence[tuple[str, dict[str, Any]]], query: str) -> dict[str, Any]:
    """The value of a grid of pictures: each with its id and what is said of it. `query`: how they are
    protected."""
    found = {one.id: one for one in collection_of(app).library.pictures([i for i, _ in shown])}
    return {
        "pictures": [
            {
                "id": i,
                "src": f"/media/thumbnail/{i}{query}",
                "name": file_name(next(iter(found[i].sources), "")),
                "width": found[i].width,
                "height": found[i].height,
                **said,
            }
            for i, said in dict(shown).items()
            if i in found
        ]
    }
