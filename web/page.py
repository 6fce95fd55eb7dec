"""A screen as an HTML page of areas, and the handlers that fill and change them.

The browser's half is `static/page.js`. It sends presses in order, one at a time, and puts the new HTML into
the areas that the answer names.
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
from web.http.roles import rule_of_button, why_not
from web.render import say

OLD_PAGE = "This page is out of date. Reload it."
FAILED = "Something went wrong. Reload the page. If it happens again, the log says more."

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Area:
    """A part of a page that is replaced as a whole. Shows `at_first` until it is filled."""

    elem_id: str
    at_first: str = ""


@dataclass(frozen=True, eq=False)
class AreaRow:
    """Areas beside each other, or under a heading that unfolds them."""

    style: str
    fold: str = ""
    areas: list[Area] = field(default_factory=list)


@dataclass(frozen=True)
class Action:
    """A press of a button in an area, or a form sent from it with its `fields`."""

    name: str
    value: str
    fields: dict[str, str] = field(default_factory=dict)


Shown = dict[Any, Any]  # area → its HTML, `MEMORY` → a model, `TIMER` → seconds. The rest stays as it is
MEMORY = "memory"  # the browser sends it back with each event; `remembered` reads it
TIMER = "timer"  # seconds until the page asks for progress again; 0 for never

Look = Callable[[Request], Shown]
Answer = Callable[[Action, Request], Shown]
Kept = TypeVar("Kept", bound=BaseModel)


class WebPage:
    """The areas and handlers of a screen. One serves everybody, and keeps no state."""

    def __init__(self) -> None:
        self.body: list[Area | AreaRow] = []
        self._row: AreaRow | None = None
        self.areas: dict[str, Area] = {}
        self._answers: dict[str, Answer] = {}
        self.opens: Look | None = None  # fills the page when it opens
        self.follows: Look | None = None  # fills slow areas; the browser calls it once the page is there
        self.ticks: Look | None = None  # shows progress, called as often as `TIMER` says

    # How a screen is made

    def area(self, elem_id: str, at_first: str = "") -> Area:
        made = Area(elem_id, at_first)
        self.areas[elem_id] = made
        (self.body if self._row is None else self._row.areas).append(made)
        return made

    @contextmanager
    def row(self, style: str, fold: str = "") -> Iterator[None]:
        """Puts the areas made inside side by side, or under the heading `fold`."""
        self._row = AreaRow(style, fold)
        self.body.append(self._row)
        yield
        self._row = None

    def on_action(self, answer: Answer, *areas: Area) -> None:
        """Sets the handler for presses in these areas."""
        self._answers |= dict.fromkeys((area.elem_id for area in areas), answer)

    # How it is used

    def open(self, request: Request) -> Shown:
        """The HTML of every area. If the handler fails, the log has the error and the first area says so."""
        shown: Shown = {area: area.at_first for area in self.areas.values()}
        try:
            return shown | _noted(self.opens, request)
        except HTTPException as error:
            return shown | {next(iter(self.areas.values())): say(error.detail, "bad")}

    def opened(self, request: Request) -> Shown:
        with one_moment():
            return _noted(self.follows, request)

    def tick(self, request: Request) -> Shown:
        return _noted(self.ticks, request)

    def press(self, area: str, action: Action, request: Request) -> Shown:
        """Handles a press. Raises `HTTPException`: 403 if the role forbids it, 422 if no button sends it."""
        answer, rule = self._answers.get(area), rule_of_button(action.name)
        state = request.state
        if refusal := why_not(rule, state.role, state.demo, state.full):
            raise HTTPException(403, refusal)
        request.state.deed = (rule.deed, f"{concept_of(request) or ''} {action.value[:200]}".strip())
        return _noted(answer and (lambda asked: answer(action, asked)), request)


def _noted(look: Look | None, request: Request) -> Shown:
    """Calls a handler. Logs an error and raises `HTTPException` 500 in its place, without details."""
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
    """The memory that the browser sent back. Raises `HTTPException` 422 if it does not validate."""
    try:
        return kind.model_validate(getattr(request.state, "memory", None) or {})
    except ValidationError:
        raise HTTPException(422, OLD_PAGE) from None


def concept_of(request: Request) -> str | None:
    """The concept in the address, so that a reload or a second tab shows the same."""
    return request.query_params.get("concept") or None


def number_of(text: str) -> int:
    """The whole number that an address, a button or a field has; 0 if it has none."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def protection_of(workbench: Workbench, request: Request, concept: str | None = None) -> OnPage:
    """How to protect pictures for this person, by `concept` or by the concept in the address."""
    named = (concept_of(request) or "") if concept is None else concept
    return workbench.protection.on_page(author_of(request), named if len(named) <= LONGEST else None)
