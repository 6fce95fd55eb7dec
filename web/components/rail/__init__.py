"""`Rail`: where one is, and the way to the other screens of one page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from web.components.view import DataView

FOLDER = Path(__file__).parent


class Rail(DataView):
    """Links to screens, each of which is a tab of the page.

    A press on any link of the page to a screen goes there without a new page: the address changes, Back
    works, and the event of that screen fires (`to_home`).
    """

    def __init__(self, screens: Mapping[str, str], **how: Any) -> None:
        """`screens`: address → name of a screen, whose tab has the `elem_id` `screen-NAME`."""
        super().__init__(
            FOLDER / "rail.html",
            events=(*(f"to_{name}" for name in screens.values()), "moved"),
            screens=dict(screens),
            **how,
        )
