"""What every server of ours looks at before a request is answered: host, origin, size; and what browsers are
told with every answer: where content may come from, who may frame it, which cookies to keep."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Send

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# Everything comes from here alone. Figures and tiles style their elements inline.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; worker-src 'self' blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
# Of the page alone: Gradio compiles templates (here constant files) and starts by scripts in its page.
GRADIO_POLICY = POLICY.replace("script-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval'")
STRICT_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
THEME: Final = "discern-theme"  # the cookie in which static/theme.js keeps a choice
THEMES: Final = ("light", "dark")
FORWARDED = ("forwarded", "via", "x-real-ip")  # besides X-Forwarded-*


def name_of(host: str) -> str:
    """The name in a Host header, without its port; "" where it is none."""
    try:
        parts = urlsplit(f"//{host}" if host.isascii() else "")
        name, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:  # such as brackets that are never closed, or a port that is no number
        return ""
    return name


def is_of_here(name: str, hosts: Collection[str]) -> bool:
    """Whether a stranger can't have pointed this name at us (DNS rebinding): it is one of `hosts`, a number,
    or has no dot."""
    if name in hosts or name.endswith(".localhost") or (name and "." not in name):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def comes_from_elsewhere(headers: Headers) -> bool:
    """Browsers say where a request comes from; programs say nothing and have no cookie to abuse."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    try:
        return origin is not None and urlsplit(origin).netloc != headers.get("host")
    except ValueError:
        return True


def is_forwarded(headers: Headers) -> bool:
    """Whether a proxy says that it sent this on for somebody else."""
    names = headers.keys()
    return any(name in FORWARDED or name.startswith("x-forwarded-") for name in names)


def too_large(limit: int) -> str:
    return f"This request is too large: at most {limit:,} bytes."


def limited(receive: Receive, limit: int | None) -> Receive:
    """The same, which raises `HTTPException` 413 once a body has more bytes."""
    if limit is None:
        return receive
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise HTTPException(413, too_large(limit))
        return message

    return counted


def with_headers(send: Send, given: Mapping[str, str]) -> Send:
    """The same, with headers on every answer that has none of its own."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in given.items():
                headers.setdefault(name, value)
        await send(message)

    return sent


def answer_headers(framed_by: str, *, of_gradio: bool = False) -> dict[str, str]:
    """Of every answer. `framed_by`: origins whose pages may show ours in a frame; empty for none."""
    policy = GRADIO_POLICY if of_gradio else POLICY
    headers = HEADERS | {"Content-Security-Policy": _framed(policy, framed_by)}
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
