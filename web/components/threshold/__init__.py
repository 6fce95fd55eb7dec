"""`Threshold`: scores as bars, and a threshold to move over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from web.components.view import DataView

FOLDER = Path(__file__).parent


class Threshold(DataView):
    """Says at once what moving the threshold would do.

    Its value has `rows` of [threshold, flagged, right, precision, its range, recall, its range] by falling
    threshold, `own`, the row at the threshold in use, `flagged_at`, how many pictures are flagged at 0,
    0.001, and so on to 1, and `scores`, a figure. Events, with their `gr.EventData`: `around` (`threshold`)
    once it rests, `use` (`version`, `threshold`), `score`.
    """

    def __init__(self, **how: Any) -> None:
        super().__init__(
            FOLDER / "threshold.html",
            script="/web/components/threshold/threshold.js",
            events=("around", "use", "score"),
            **how,
        )
