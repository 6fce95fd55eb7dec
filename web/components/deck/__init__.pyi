"""`PictureDeck`: one picture after the other, labelled by keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

FOLDER = Path(__file__).parent

from gradio.events import Dependency

class PictureDeck(gr.HTML):
    """Shows one picture, takes a label by a key or a button, and has the next there at once.

    Labels wait in the browser until the server has confirmed them: in order, one at a time, each with a key
    that makes a second try harmless. Events: `labelled` (of one that is saved), `empty`.
    """

    def __init__(self, *, script: str, style: str, **how: Any) -> None:
        """`script`, `style`: addresses of `deck.js` and `deck.css`."""
        super().__init__(
            value=None,
            html_template=(FOLDER / "deck.html").read_text(encoding="utf-8"),
            js_on_load=(FOLDER / "begin.js").read_text(encoding="utf-8"),
            head=f'<link rel="stylesheet" href="{style}">',
            apply_default_css=False,
            script=script,
            **how,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "object"}
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component