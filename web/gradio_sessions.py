"""Gradio without sessions: what a page remembers is in the browser (`web.live.memory`), all else in SQL.

Gradio works out what every component of every screen begins with for each page that is opened, and keeps it
for the last ten thousand of them, so that a page can be shared as it is. None of ours is.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from fastapi import FastAPI
from gradio import Blocks
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder
from starlette.routing import Mount


def keep_no_sessions(blocks: Blocks, app: FastAPI) -> None:
    """From now on, of the screens that are mounted in `app`."""
    holder = _NoSessions(blocks)
    for route in app.routes:
        if isinstance(route, Mount) and isinstance(route.app, App):
            route.app.state_holder = holder


class _NoSessions(StateHolder):
    """Every event has a session of its own, which goes with it."""

    def __init__(self, blocks: Blocks) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.set_blocks(blocks)

    def __getitem__(self, session_id: str) -> SessionState:
        return _OfOneEvent(self.blocks)


class _OfOneEvent(SessionState):
    """The components as they were declared, or as this event changes them, and nothing of what they show."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks_config = copy(blocks.default_config)
        self.config_values = {}
        self.state_data = {}
        self.is_closed = False

    def __setitem__(self, key: int, value: Any) -> None:
        self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None: ...

    def _update_value_in_config(self, key: int, value: Any) -> None: ...
