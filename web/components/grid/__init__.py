"""`PictureGrid`: pictures in justified rows, to select, open, mark and scroll through without end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from web.components import Drawn, begins

FOLDER = Path(__file__).parent


class PictureGrid(Drawn):
    """Shows pictures at their own shapes. One way to select, everywhere: a click selects, Ctrl and Shift add,
    X, a rectangle and a long press do too; double-click or Enter opens; arrows move.

    The value is `{"pictures": [{"id", "src", "name", "caption", "width", "height", "mark", "tone"}, …]}`, or
    `{"source": "/api/…"}`, an address of this site that answers `{"pictures": […], "older": cursor}`: further
    pages are fetched with `cursor` (or the parameter that `pages` names) as one scrolls, and `pictures` come
    before them. What has no `src` is at
    `thumbnails` + id + the value's `shown`. `keys`: key → what it marks pictures as.

    Events, with their `gr.EventData`: `open` (`id`), `select` (`ids`), `mark` (`ids`, `value`).
    """

    def __init__(
        self,
        value: Any = None,
        *,
        script: str,
        style: str,
        keys: dict[str, str] | None = None,
        label: str = "Pictures",
        **how: Any,
    ) -> None:
        """`script`, `style`: addresses of `grid.js` and `grid.css`."""
        # Gradio asks for each name of the constructor, and takes one that isn't there for an event.
        self.keys = keys or {}
        super().__init__(
            '<div class="picture-grid" role="listbox" aria-multiselectable="true"></div>',
            begins(script, ["open", "select", "mark"], keys=self.keys, name=label),
            style=style,
            value=value,
            **how,
        )
