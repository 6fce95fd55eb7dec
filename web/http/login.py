"""The login page: a name and a password, or signing in through another service. Works without scripts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from concepts.installation.users import LOGGED_IN
from concepts.settings import is_loopback
from storage.people import TooManyTriesError
from web.http.access import SESSION_SECONDS, Access
from web.http.guard import COOKIE, address_of
from web.http.screening import cookie_of, keep_cookie, name_of, page_headers
from web.http.sign_in import SECONDS, SignInError
from web.render import Notice, render

UNKNOWN_NAME = (
    "Discern doesn't know the name it was reached by, so the sign-in was not begun. Whoever runs it adds the "
    "name to DISCERN_ALLOWED_HOSTS."
)
SIGNING_IN = "discern_sign_in"  # the cookie of a sign-in that isn't over


def login_routes(access: Access) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    def page(request: Request, next: str = "/") -> Response:  # the name in the address
        if not access.users.records() or request.state.user:
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
            return _welcome(access, request, name.strip(), next)
        return _page(access, next, name, "This name and password don't belong together. Try again.", 401)

    @router.get("/login/elsewhere")
    def sign_in(request: Request, next: str = "/") -> Response:
        """To the service that people sign in at, and back to `/login/callback`."""
        if access.sign_in is None:
            return RedirectResponse("/login", status_code=303)
        callback = _callback(access, request)
        if not callback:
            return _page(access, next, message=UNKNOWN_NAME, status=421)
        try:
            address, kept = access.sign_in.begin(callback, _inside(next))
        except SignInError as error:
            return _page(access, next, message=str(error), status=502)
        away = RedirectResponse(address, status_code=303)
        keep_cookie(away, SIGNING_IN, kept, SECONDS, request, access.settings.framed_by)
        return away

    @router.get("/login/callback")
    def signed_in(request: Request) -> Response:
        """Where the service sends people back to."""
        if access.sign_in is None:
            return RedirectResponse("/login", status_code=303)
        try:
            name, target = access.sign_in.finish(
                request.cookies.get(SIGNING_IN, ""), dict(request.query_params)
            )
        except SignInError as error:
            answer: Response = _page(access, "/", message=str(error), status=403)
        else:
            answer = _welcome(access, request, name, target)
        answer.delete_cookie(SIGNING_IN)
        return answer

    @router.post("/logout")
    def log_out(request: Request) -> Response:
        access.end_session(cookie_of(request.headers, COOKIE))
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer

    return router


def _welcome(access: Access, request: Request, name: str, target: str) -> Response:
    access.audit.add(name, LOGGED_IN, address=address_of(request.scope))
    answer = RedirectResponse(_inside(target), status_code=303)
    session = access.session(name)
    keep_cookie(answer, COOKIE, session, SESSION_SECONDS, request, access.settings.framed_by)
    return answer


def _callback(access: Access, request: Request) -> str:
    """Our own address as the service knows it. A Space hears plain HTTP from the proxy in front of it.

    Empty where the request names a host that was not set: the answer would go to whoever chose the name.
    """
    if access.settings.space_host:
        return f"https://{access.settings.space_host}/login/callback"
    name = name_of(request.headers.get("host", ""))
    if name not in access.hosts and not is_loopback(name):
        return ""
    return str(request.url.replace(path="/login/callback", query="", fragment=""))


def _inside(target: str) -> str:
    """Only a path of this app: never a redirect to somewhere else ("//evil", "/\\evil", "https:…")."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if safe else "/"


def _page(access: Access, target: str, name: str = "", message: str = "", status: int = 200) -> HTMLResponse:
    said = Notice(message, "bad") if message else None
    content = render(
        "login.html",
        said=said,
        target=_inside(target),
        name=name,
        service=access.sign_in.service if access.sign_in else "",
        passwords=access.sign_in is None or access.users.has_passwords(),
        framed=bool(access.settings.framed_by),
    )
    return HTMLResponse(content, status, page_headers(access.settings.framed_by))
