"""What browsers are told with every answer: where content may come from, who may frame it, which cookies to
keep."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from web.http.screening import HEADERS

# Everything comes from here alone. Figures and tiles style their elements inline.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; worker-src 'self' blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
STRICT_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

THEME: Final = "discern-theme"  # the cookie in which static/theme.js keeps a choice
THEMES: Final = ("light", "dark")


def answer_headers(framed_by: str) -> dict[str, str]:
    """Of every answer. `framed_by`: origins whose pages may show ours in a frame; empty for none."""
    headers = HEADERS | {"Content-Security-Policy": _framed(POLICY, framed_by)}
    if framed_by:
        del headers["X-Frame-Options"]  # it knows no list
    return headers


def page_headers(framed_by: str) -> dict[str, str]:
    """Of a page that stands alone, without scripts."""
    return {"Content-Security-Policy": _framed(STRICT_POLICY, framed_by), "Cache-Control": "no-store"}


def _framed(policy: str, framed_by: str) -> str:
    return policy.replace("frame-ancestors 'none'", f"frame-ancestors {framed_by}") if framed_by else policy


def cookie_of(headers: Headers, name: str) -> str:
    """The value of a cookie; empty where there is none that can be read."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def theme_of(headers: Headers) -> str:
    """The chosen theme; empty if the system decides."""
    chosen = cookie_of(headers, THEME)
    return chosen if chosen in THEMES else ""


def keep_cookie(
    answer: Response, name: str, value: str, seconds: int, request: Request, framed_by: str = ""
) -> None:
    """Sets a cookie that no script reads. In a frame of another site browsers keep one only where it says
    that it belongs there (`SameSite=None; Secure; Partitioned`)."""
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="none" if framed_by else "lax",
        secure=bool(framed_by) or request.url.scheme == "https",
    )
    if framed_by:  # Python's own cookies know the last word from 3.14 on
        header, written = answer.raw_headers.pop()
        answer.raw_headers.append((header, written + b"; Partitioned"))
