"""What every request passes before it reaches a route: host, origin, login, size, and headers on the answer.

Plain ASGI, so that streams stay streams. It stands outside of everything, the page's own events included.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import partial
from urllib.parse import quote, unquote

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from concepts.errors import SettingsError
from concepts.use_cases.roles import Role
from storage.people import TooManyTriesError
from web.advice import VISITOR
from web.http.access import Access
from web.http.problems import problem
from web.http.roles import ANY_OTHER, CLOSED, rule_of, why_not
from web.http.screening import (
    answer_headers,
    comes_from_elsewhere,
    cookie_of,
    is_forwarded,
    is_of_here,
    limited,
    name_of,
    page_headers,
    theme_of,
    too_large,
    with_headers,
)
from web.http.visitors import BEGIN, Visitors
from web.render import THEME, Notice, render

COOKIE = "discern_session"
# What can be had without a login: nothing of the library. Gradio asks the last of itself when it is launched.
OPEN = ("/login", "/healthz", "/web/", "/gradio_api/startup-events")
SHUT = ("/healthz", "/web/")  # what can be had where nobody is let in
UPLOADS = "/uploads/"  # these have limits of their own
LARGEST_BODY = 1024**2  # bytes of any other request, but for these
LIMITS = (
    (re.compile(r"/api/v1/concepts/[^/]+/labels/(import|preview)"), 50 * 1024**2),
    (re.compile(r"/api/v1/library/captions"), 50 * 1024**2),
    (re.compile(r"/api/v1/concepts/[^/]+/examples"), 50 * 1024**2),
    (re.compile(r"/api/v1/classify"), 50 * 1024**2),
    (re.compile(r"/login"), 16 * 1024),
)
CONTROL = {*map(chr, range(32)), "\x7f"}
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
AT_THE_DOOR = CapacityLimiter(4)  # sessions that are looked up at once, whatever else is worked on


class Guard:
    def __init__(self, app: ASGIApp, access: Access, visitors: Visitors | None = None) -> None:
        """`visitors`: of a demo."""
        self.app = app
        self.access = access
        self.visitors = visitors
        self._headers = answer_headers(access.settings.framed_by)
        self._of_gradio = answer_headers(access.settings.framed_by, of_gradio=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # no websockets here
        send = with_headers(send, self._of_gradio if scope["path"] == "/" else self._headers)
        headers = Headers(scope=scope)
        has_users, closed = await self._look(headers)
        anonymous = not (has_users or closed or self.visitors)
        refusal = self._refuse(scope, headers, anonymous=anonymous)
        refusal = refusal or await self._identify(scope, headers, has_users, closed)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        status = 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        visitor, theme = VISITOR.set(scope["state"]["sandbox"]), THEME.set(theme_of(headers))
        try:
            await self.app(scope, limited(receive, largest_body(scope["path"])), noted)
        finally:
            VISITOR.reset(visitor)
            THEME.reset(theme)
        deed, about = scope["state"]["deed"]
        if deed and status < 400 and self.visitors is None:  # of visitors nothing is kept
            await run_in_threadpool(
                self.access.audit.add, scope["state"]["user"] or "", deed, about, address_of(scope)
            )

    async def _look(self, headers: Headers) -> tuple[bool, str]:
        """Whether there are users, and why nobody is let in."""
        access = self.access
        try:
            there = bool(access.users.records())
        except SettingsError as error:  # a file of users that is broken
            return True, str(error)
        if there is not access.had_users:
            await to_thread.run_sync(partial(access.see_users, there=there), limiter=AT_THE_DOOR)
        return there, "" if there else access.why_closed(forwarded=is_forwarded(headers))

    def _refuse(self, scope: Scope, headers: Headers, *, anonymous: bool) -> Response | None:
        """`anonymous`: whoever comes is let in, without a name. Then a foreign name that resolves to this
        computer must not read it. To a demo nobody comes without a cookie, which a browser sends to our own
        name alone."""
        name = name_of(headers.get("host", ""))
        if not name or (anonymous and not is_of_here(name, self.access.hosts)):
            return problem(421, "Discern doesn't know this name. Add it to DISCERN_ALLOWED_HOSTS.")
        if CONTROL & set(scope["path"]):
            return problem(400, "The address has characters that no address has.")
        if scope["method"] not in SAFE_METHODS and comes_from_elsewhere(headers):
            return problem(403, "Another site asked for this. Open Discern itself and do it there.")
        length, limit = headers.get("content-length", ""), largest_body(scope["path"])
        if length.isdigit() and limit is not None and (len(length) > 12 or int(length) > limit):
            return problem(413, too_large(limit))
        return None

    async def _identify(
        self, scope: Scope, headers: Headers, has_users: bool, closed: str
    ) -> Response | None:
        """Puts the user's name into the scope, or says why not."""
        scope.setdefault("state", {}).update(
            user=None, role=Role.VIEWER, deed=("", ""), demo=self.visitors is not None, full="", sandbox=None
        )
        if closed:
            if scope["path"].startswith(SHUT):
                return None
            if not _wants_page(scope, headers):
                return problem(503, closed)
            page = render("login.html", said=Notice(closed, "bad"), service="", passwords=False)
            return HTMLResponse(page, 503, page_headers(self.access.settings.framed_by))
        if not has_users:
            return await self._welcome(scope, headers, "me", Role.OWNER)
        cookie = cookie_of(headers, COOKIE)
        user = await to_thread.run_sync(self.access.user_of_session, cookie, limiter=AT_THE_DOOR)
        if user is None and headers.get("authorization", "").lower().startswith("basic "):
            try:
                user = await run_in_threadpool(
                    self._user_of_header, headers["authorization"], address_of(scope)
                )
            except TooManyTriesError as error:
                return problem(429, str(error), headers={"Retry-After": f"{error.seconds:.0f}"})
        if user is not None:
            return await self._welcome(scope, headers, user, self.access.role_of(user))
        if scope["path"].startswith(OPEN):
            return None
        if _wants_page(scope, headers):
            return RedirectResponse(f"/login?next={quote(_asked(scope), safe='')}", status_code=303)
        # A browser that gets the header shows a dialog of its own over our page.
        challenge = {} if "sec-fetch-mode" in headers else {"WWW-Authenticate": 'Basic realm="Discern"'}
        return problem(401, "Log in first.", headers=challenge)

    async def _welcome(self, scope: Scope, headers: Headers, user: str, role: Role) -> Response | None:
        """Who may come in comes in; to a demo only into a sandbox, where everybody is an owner. Says why not,
        where a role doesn't permit a request; else notes what it is to be kept as."""
        state = scope["state"]
        state.update(user=user, role=role)
        if self.visitors is not None:
            sandbox = self.visitors.sandbox_of(headers, user)
            if sandbox is None and not scope["path"].startswith((*OPEN, BEGIN)):
                if _wants_page(scope, headers):
                    return RedirectResponse(BEGIN, status_code=303)
                over = "You have no part of this demo, or its hour is over. Open the demo's first page."
                return problem(401, over)
            full = str(sandbox.limits.reached()) if sandbox and sandbox.is_full else ""
            state.update(sandbox=sandbox, full=full, role=Role.VIEWER if full else Role.OWNER)
        rule = rule_of(scope["method"], scope["path"])
        if rule is None and CLOSED.fullmatch(scope["path"]):
            return problem(404, "There is nothing at this address.")
        rule = rule or ANY_OTHER
        if refusal := why_not(rule, state["role"], state["demo"], state["full"]):
            return problem(403, refusal, kind="not-permitted")
        state["deed"] = (rule.deed, unquote(_asked(scope)))
        return None

    def _user_of_header(self, authorization: str, address: str) -> str | None:
        try:
            name, _, password = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name if self.access.log_in(name, password, address) else None


def largest_body(path: str) -> int | None:
    """Bytes that a request to this path may have; None where the route itself counts."""
    if path.startswith(UPLOADS):
        return None
    return next((limit for pattern, limit in LIMITS if pattern.fullmatch(path)), LARGEST_BODY)


def author_of(request: Request) -> str:
    """Who asks: the name of the login, or "me" where there is none."""
    return getattr(request.state, "user", None) or "me"


def address_of(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _wants_page(scope: Scope, headers: Headers) -> bool:
    return scope["method"] == "GET" and "text/html" in headers.get("accept", "")


def _asked(scope: Scope) -> str:
    """The path with its query."""
    query = scope.get("query_string", b"").decode("latin-1")
    return str(scope["path"]) + (f"?{query}" if query else "")
