"""What every server of ours looks at before a request is answered: host, origin, size; and what it adds."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Send

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
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
