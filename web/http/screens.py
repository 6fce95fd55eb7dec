"""Routes of the screens: GET returns a whole page, POST handles a press and returns the changed areas."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, Literal
from urllib.parse import urlencode

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, Field, JsonValue

from concepts.definition.names import LONGEST
from concepts.workbench import Workbench
from concepts.workbench.protection import OnPage
from storage.database import one_moment
from storage.names import key_of
from web.api.shared import Body, BoundedRoute
from web.http.roles import rule_of_button, why_not
from web.page import MEMORY, TIMER, Action, Area, WebPage, concept_of, protection_of
from web.render import ALLOWED, PROTECTED, render
from web.shell import Screen, rail, tabs

# Show every concept's pictures, whichever is named; so does a rule.
OF_ALL: Final = ("/", "/library", "/library/side-by-side")
OF_RULE: Final = {"rule", "kept"}

# Pages rendered at the same time. With more, everything is slower, because they share the interpreter lock.
OPENING = CapacityLimiter(max(os.cpu_count() or 1, 2))


class Event(Body):
    """An event of a page: a press, or a request for progress or slow areas."""

    event: Literal["press", "tick", "opened"]
    tab: str = ""  # identifies the page, so that each gets its own news of jobs
    area: str = ""
    action: str = ""
    value: str = ""
    fields: dict[str, str] = Field(default_factory=dict)
    memory: JsonValue = None


def screen_routes(workbench: Workbench, screens: Sequence[Screen]) -> APIRouter:
    router = APIRouter(include_in_schema=False, route_class=BoundedRoute)
    for screen in screens:
        _route(router, workbench, screens, screen)
    return router


def _route(router: APIRouter, workbench: Workbench, screens: Sequence[Screen], screen: Screen) -> None:
    page = WebPage()
    screen.build(workbench, page)

    @router.get(screen.path)
    async def open_page(request: Request) -> Response:
        return await to_thread.run_sync(whole, request, limiter=OPENING)

    def protection(request: Request) -> OnPage:
        of_all = screen.path in OF_ALL or not OF_RULE.isdisjoint(request.query_params)
        return protection_of(workbench, request, "" if of_all else None)

    def whole(request: Request) -> Response:
        asked, query = concept_of(request) or "", request.query_params.multi_items()
        now = workbench.concepts.name_now(asked) if 0 < len(asked) <= LONGEST else None
        if now and key_of(now) != key_of(asked):
            # To the current name. Not permanent: another concept may take the name.
            renamed = urlencode([(name, now if name == "concept" else value) for name, value in query])
            return RedirectResponse(f"{request.url.path}?{renamed}", status_code=303)
        with one_moment(), _seen_by(request, protection) as how:
            shown = page.open(request)
            html = render(
                "screen.html",
                title=screen.title,
                rail=rail(workbench, screens, screen, request, how()),
                tabs=tabs(screens, screen, request),
                body=page.body,
                shown={area: html for area, html in shown.items() if isinstance(area, Area)},
                memory=_plain(shown.get(MEMORY)),
                timer=shown.get(TIMER, 0),
                follows=page.follows is not None,
                how=how(),
            )
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})  # Back must not show what was before

    @router.post(screen.path)
    def answer(request: Request, sent: Event) -> dict[str, Any]:
        request.state.memory, request.state.tab = sent.memory, sent.tab
        with _seen_by(request, protection):
            if sent.event == "press":
                shown = page.press(sent.area, Action(sent.action, sent.value, sent.fields), request)
            else:
                shown = page.tick(request) if sent.event == "tick" else page.opened(request)
            areas = {area.elem_id: html for area, html in shown.items() if isinstance(area, Area)}
            return {"areas": areas} | {name: _plain(shown[name]) for name in (MEMORY, TIMER) if name in shown}


@contextmanager
def _seen_by(request: Request, protection: Callable[[Request], OnPage]) -> Iterator[Callable[[], OnPage]]:
    """Shows the buttons that this person's role allows, and pictures protected as asked for, which is looked
    up with the first picture."""
    state, how = request.state, cache(lambda: protection(request))
    allowed = ALLOWED.set(lambda action: not why_not(rule_of_button(action), state.role, state.demo))
    protected = PROTECTED.set(lambda: how().query)
    try:
        yield how
    finally:
        ALLOWED.reset(allowed)
        PROTECTED.reset(protected)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value
