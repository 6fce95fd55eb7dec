"""The visitors of a demo: whose sandbox a request is for, by a signed cookie, and where a visit begins.

Every request finds its own `App`, in the context that it runs in; one without a sandbox finds none, and
fails. So no visitor can be shown what another made, whatever a screen or a route forgets.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeSerializer
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers

from concepts.errors import DiscernError
from concepts.results.library import library_info
from concepts.use_cases import App
from concepts.visitors import FullHouseError, Sandbox, Sandboxes
from concepts.visitors.sandboxes import write_made
from web.advice import VISITOR
from web.http.access import Access
from web.http.screening import cookie_of, keep_cookie, page_headers
from web.render import render
from web.words import duration

BEGIN = "/begin"
COOKIE = "discern_visit"


class EachVisitors:
    """What an `App` has, of whoever asks. What holds on to one of them would show it to others."""

    def __getattr__(self, name: str) -> Any:
        sandbox = VISITOR.get()
        if sandbox is None:
            raise RuntimeError(f"{name} was asked for outside of a visitor's request")
        return getattr(sandbox.app, name)


def each_visitors() -> App:
    return cast(App, EachVisitors())


class Visitors:
    """Who has which sandbox."""

    def __init__(self, sandboxes: Sandboxes, access: Access) -> None:
        self.sandboxes = sandboxes
        self._access = access

    def sandbox_of(self, headers: Headers, user: str) -> Sandbox | None:
        """The one that the cookie names, if we signed it for this user and its hour isn't over."""
        try:
            name, key = self._signer().loads(cookie_of(headers, COOKIE))
        except (BadSignature, ValueError, TypeError):
            return None
        return self.sandboxes.find(str(key)) if name == user else None

    def begin(self, user: str) -> tuple[Sandbox, str]:
        """A sandbox, and the cookie's value for it. Raises `FullHouseError`."""
        sandbox = self.sandboxes.create()
        return sandbox, str(self._signer().dumps([user, sandbox.key]))

    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._access.secret, salt="discern visit")


def visitor_routes(visitors: Visitors, access: Access) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    def shown(over: bool = False, full: str = "", status: int = 200) -> HTMLResponse:
        base, limits = visitors.sandboxes.base, visitors.sandboxes.limits
        content = render(
            "begin.html", over=over, full=full, pictures=library_info(base).pictures, limits=limits
        )
        return HTMLResponse(content, status, page_headers(access.settings.framed_by))

    @router.get(BEGIN)
    def page(request: Request) -> Response:
        if request.state.sandbox is not None:
            return RedirectResponse("/", status_code=303)
        return shown(over=COOKIE in request.cookies)

    @router.post(BEGIN)
    def begin(request: Request) -> Response:
        if request.state.sandbox is not None:
            return RedirectResponse("/", status_code=303)
        try:
            sandbox, value = visitors.begin(request.state.user)
        except FullHouseError as error:
            return shown(full=f"{error} Come back in {duration(error.seconds)}.", status=503)
        answer = RedirectResponse("/", status_code=303)
        seconds = int(sandbox.limits.seconds)
        keep_cookie(answer, COOKIE, value, seconds, request, access.settings.framed_by)
        return answer

    one_at_a_time = asyncio.Semaphore(1)  # writing a classifier takes a processor for seconds

    @router.get("/app/made.zip")
    async def made(request: Request) -> Response:
        """What the visitor made, as one zip."""
        sandbox: Sandbox = request.state.sandbox
        with tempfile.NamedTemporaryFile(suffix=".zip", delete=False) as file:
            out = Path(file.name)
        try:
            async with one_at_a_time:
                await run_in_threadpool(write_made, sandbox.app, out)
        except DiscernError:
            out.unlink()
            raise
        return FileResponse(
            out,
            media_type="application/zip",
            filename="discern-demo.zip",
            headers={"Cache-Control": "private, no-store"},
            background=BackgroundTask(out.unlink),
        )

    return router
