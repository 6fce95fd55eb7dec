"""Every request has an id, which is in its answer and in what is logged meanwhile; failures are logged."""

from __future__ import annotations

import logging
import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from concepts.installation.log import request_id

COMMON = (401, 404)  # what anybody's mistyped address brings says nothing

log = logging.getLogger(__name__)


class RequestLog:
    """Plain ASGI, around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = request_id.set(uuid.uuid4().hex[:12])
        # The path without the query: what a person searches for is nobody's business.
        asked = (scope["method"], scope["path"])

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = request_id.get()
                status = message["status"]
                if status >= 400 and status not in COMMON:
                    log.log(logging.WARNING if status >= 500 else logging.INFO, "%s %s: %d", *asked, status)
            await send(message)

        try:
            await self.app(scope, receive, sent)
        except Exception:
            log.exception("%s %s failed", *asked)
            raise
        finally:
            request_id.reset(token)
