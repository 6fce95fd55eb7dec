"""A screen as a page: areas of HTML that the server fills, and what a press in one of them changes.

The browser's part is `static/page.js`. It sends presses in the order they were made, one at a time, and puts
what comes back into the areas that it names.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from concepts.definition.names import LONGEST
from concepts.workbench import Workbench
from concepts.workbench.protection import OnPage
from storage.database import one_moment
from web.http.guard import author_of
from web.http.roles import ACTIONS, ANY_OTHER, why_not
from web.render import say

OLD_PAGE = "This page is out of date. Reload it."
FAILED = "Something went wrong. Reload the page. If it happens again, the log says more."

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Area:
    """A part of a page that is replaced as a whole. `at_first` is shown until it is filled."""

    elem_id: str
    at_first: str = ""


@dataclass(frozen=True, eq=False)
class AreaRow:
    """Areas beside each other."""

    style: str
    areas: list[Area] = field(default_factory=list)


@dataclass(frozen=True)
class Action:
    """A press of a button in an area, or a form of it sent off with what was typed."""

    name: str
    value: str
    fields: dict[str, str] = field(default_factory=dict)


Shown = dict[Any, Any]  # area → its HTML, `MEMORY` → a model, `TIMER` → seconds. What isn't named stays
MEMORY = "memory"  # what the browser sends back with each event; `remembered` reads it
TIMER = "timer"  # seconds until the page looks at work that goes on, 0 for never

Look = Callable[[Request], Shown]
Answer = Callable[[Action, Request], Shown]
Kept = TypeVar("Kept", bound=BaseModel)


class WebPage:
    """The areas of a screen and what fills them, for everybody who opens it: it keeps nothing of anybody."""

    def __init__(self) -> None:
        self.body: list[Area | AreaRow] = []
        self._row: AreaRow | None = None
        self.areas: dict[str, Area] = {}
        self._opens: list[Look] = []
        self._answers: dict[str, Answer] = {}
        self._follows: Look | None = None
        self._ticks: Look | None = None

    # How a screen is made

    def area(self, elem_id: str, at_first: str = "") -> Area:
        made = Area(elem_id, at_first)
        self.areas[elem_id] = made
        (self.body if self._row is None else self._row.areas).append(made)
        return made

    @contextmanager
    def row(self, style: str) -> Iterator[None]:
        """Areas made inside stand beside each other."""
        self._row = AreaRow(style)
        self.body.append(self._row)
        yield
        self._row = None

    def on_open(self, look: Look) -> None:
        """What the page shows when it opens; all of these together are of one moment."""
        self._opens.append(look)

    def on_opened(self, look: Look) -> None:
        """What takes longer: it is asked for when the page is there."""
        self._follows = look

    def on_action(self, answer: Answer, *areas: Area) -> None:
        """What a press in one of these changes."""
        self._answers |= dict.fromkeys((area.elem_id for area in areas), answer)

    def on_tick(self, look: Look) -> None:
        """What has changed while work goes on, asked for as often as `TIMER` says."""
        self._ticks = look

    # How it is used

    @property
    def follows(self) -> bool:
        return self._follows is not None

    def open(self, request: Request) -> Shown:
        """All that it shows. What fails is in the log, and the page says that it failed."""
        shown: Shown = {area: area.at_first for area in self.areas.values()}
        with one_moment():
            for look in self._opens:
                try:
                    shown |= look(request)
                except Exception:
                    log.exception("A screen failed.")
                    return shown | {next(iter(self.areas.values())): say(FAILED, "bad")}
        return shown

    def opened(self, request: Request) -> Shown:
        with one_moment():
            return _noted(self._follows, request)

    def tick(self, request: Request) -> Shown:
        return _noted(self._ticks, request)

    def press(self, area: str, action: Action, request: Request) -> Shown:
        """Raises `HTTPException` 403 where whoever presses may not, and 422 for what no button sends."""
        answer, rule = self._answers.get(area), ACTIONS.get(action.name, ANY_OTHER)
        state = request.state
        if refusal := why_not(rule, state.role, state.demo, state.full):
            raise HTTPException(403, refusal)
        request.state.deed = (rule.deed, f"{concept_of(request) or ''} {action.value[:200]}".strip())
        return _noted(answer and (lambda asked: answer(action, asked)), request)


def _noted(look: Look | None, request: Request) -> Shown:
    """What fails is in the log, and a browser, which may have sent nonsense, is told so and no more."""
    if look is None:
        raise HTTPException(422, OLD_PAGE)
    try:
        return look(request)
    except HTTPException:
        raise
    except Exception:
        log.exception("A screen failed.")
        raise HTTPException(500, FAILED) from None


def remembered(kind: type[Kept], request: Request) -> Kept:
    """What a page sends back of its memory, which may be anything. Raises `HTTPException` for what never was
    one."""
    try:
        return kind.model_validate(getattr(request.state, "memory", None) or {})
    except ValidationError:
        raise HTTPException(422, OLD_PAGE) from None


def concept_of(request: Request) -> str | None:
    """The concept in the address, so that a reload or a second tab shows the same."""
    return request.query_params.get("concept") or None


def protection_of(workbench: Workbench, request: Request, concept: str | None = None) -> OnPage:
    """How pictures are protected for whoever asks: as `concept` says, or the one in the address."""
    named = (concept_of(request) or "") if concept is None else concept
    return workbench.protection.on_page(author_of(request), named if len(named) <= LONGEST else None)
