"""The login page: a name and a password. Works without scripts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from web.http.access import SESSION_SECONDS, Access, TooManyTriesError
from web.http.guard import COOKIE, address_of, cookie_of
from web.http.policy import keep_cookie, page_headers
from web.render import Notice, render


def login_routes(access: Access) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    def page(request: Request, next: str = "/") -> Response:  # the name in the address
        if not access.login_required or request.state.user:
            return RedirectResponse(_inside(next), status_code=303)
        return _page(access, next)

    @router.post("/login")
    def log_in(
        request: Request,
        name: Annotated[str, Form(max_length=60)],
        password: Annotated[str, Form(max_length=1000)],
        next: str = "/",
    ) -> Response:
        try:
            known = access.log_in(name.strip(), password, address_of(request.scope))
        except TooManyTriesError as error:
            answer = _page(access, next, name, str(error), 429)
            answer.headers["Retry-After"] = f"{error.seconds:.0f}"
            return answer
        if known:
            access.audit.add(name.strip(), "logged in", address=address_of(request.scope))
        else:
            return _page(access, next, name, "This name and password don't belong together. Try again.", 401)
        welcome = RedirectResponse(_inside(next), status_code=303)
        session = access.session(name.strip())
        keep_cookie(welcome, COOKIE, session, SESSION_SECONDS, request, access.settings.framed_by)
        return welcome

    @router.post("/logout")
    def log_out(request: Request) -> Response:
        access.end_session(cookie_of(request.headers))
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer

    return router


def _inside(target: str) -> str:
    """Only a path of this app: never a redirect to somewhere else ("//evil", "/\\evil", "https:…")."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if safe else "/"


def _page(access: Access, target: str, name: str = "", message: str = "", status: int = 200) -> HTMLResponse:
    said = Notice(message, "bad") if message else None
    content = render("login.html", said=said, target=_inside(target), name=name)
    return HTMLResponse(content, status, page_headers(access.settings.framed_by))
