"""`Viewer`: one picture as large as the window, with what is known of it, and labels by keys.

Mounted once in a page. A script opens it: `openPicture({id, ids, inView, total, about, more})`, of `open.js`.
`ids`: what ← and → go through, `total`: how many there are in all; `inView`: a machine's verdict stands
beside the pictures; `about`: id → what is said of one; `more`: called at the end of
`ids`, promises longer ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from web.components.view import DataView

FOLDER = Path(__file__).parent


class Viewer(DataView):
    """The value is `{"page": {"shown", "concepts", "may"}, "picture": {…}}`. Event: `look` (`id`)."""

    def __init__(self, **how: Any) -> None:
        """`script`, `style`: addresses of `viewer.js` and `viewer.css`."""
        super().__init__(FOLDER / "viewer.html", events=("look",), **how)
