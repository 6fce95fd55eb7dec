"""`PictureDeck`: one picture after the other, labelled by keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from web.components import Drawn, begins

FOLDER = Path(__file__).parent
YES_OR_NO = {"y": "yes", "n": "no", "u": "unsure", "s": "skip"}


class PictureDeck(Drawn):
    """Shows one picture, takes a label by a key or a button, and has the next one there at once: pictures are
    decoded before they are needed.

    The value is `{"pictures": [{"id", "src", "large", "name"}, …]}`; `large` is shown instead of `src` once
    it is there. `keys`: key → label. Arrows go back to labelled pictures, Z takes the last label back.
    Events, with their `gr.EventData`: `labelled` (`id`, `value`), `undo` (`id`), `empty`.
    """

    def __init__(
        self,
        value: Any = None,
        *,
        script: str,
        style: str,
        template: Path = FOLDER / "deck.html",
        keys: dict[str, str] | None = None,
        **how: Any,
    ) -> None:
        """`script`, `style`: addresses of `deck.js`, or of a module that exports another `begin`, and of
        `deck.css`. `template`: a constant with the parts `stage`, `keys` and `said`."""
        self.keys = keys or YES_OR_NO
        super().__init__(
            template.read_text(encoding="utf-8"),
            begins(script, ["labelled", "undo", "empty"], keys=self.keys),
            style=style,
            value=value,
            **how,
        )
