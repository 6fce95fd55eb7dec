"""The feed of a watched folder. Everything else about watched folders is made from operations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as PathParam
from fastapi.responses import JSONResponse

from concepts.workbench import Workbench
from concepts.workbench.operation import Limit, Offset
from web.api.shared import ConceptName

FEED = "application/feed+json"


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/concepts/{name}/watches")

    @router.get(
        "/{watch}/feed",
        response_class=JSONResponse,
        responses={200: {"content": {FEED: {"schema": {"type": "object"}}}}},
    )
    def watch_feed(
        name: ConceptName,
        watch: Annotated[int, PathParam(ge=1, le=2**31 - 1)],
        request: Request,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> JSONResponse:
        """All that was flagged, as JSON Feed 1.1, the newest first."""
        site = str(request.base_url.replace(path="")).rstrip("/")
        address = str(request.url.replace(query=""))
        watches = workbench.concept(name).watches
        return JSONResponse(watches.feed(watch, limit, offset, address=address, site=site), media_type=FEED)

    return router
