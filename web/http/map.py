"""What the map is drawn from: a place and a colour for each picture, as bytes; and the picture at a place."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from concepts.workbench import Workbench
from concepts.workbench.map import By
from web.http.guard import author_of

Key = Annotated[str, Query(max_length=12)]
BYTES = "application/octet-stream"
FRESH = {"Cache-Control": "private, no-cache"}
FOR_GOOD = {"Cache-Control": "private, max-age=31536000, immutable"}  # another state has another key


def map_routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/app/map", include_in_schema=False)

    @router.get("/places")
    def places(key: Key) -> Response:
        """x and y of each picture, from 0 to 65,535: two little-endian numbers of 16 bits."""
        content = workbench.map.places(key).astype("<u2").tobytes()
        return Response(content, media_type=BYTES, headers=FOR_GOOD)

    @router.get("/colours")
    def colours(
        key: Key, by: By, request: Request, concept: Annotated[str, Query(max_length=120)] = ""
    ) -> Response:
        """A byte for each picture: 0, or 1 and the place in the legend, which is a header."""
        found = workbench.map.colours(key, by, concept, author_of(request))
        legend = json.dumps([one.model_dump() for one in found.legend])
        return Response(found.codes.tobytes(), media_type=BYTES, headers=FRESH | {"Map-Legend": legend})

    @router.get("/pictures/{key}/{at}")
    def picture(key: str, at: int, request: Request) -> RedirectResponse:
        """The small picture, shown as the address says."""
        found = f"/media/thumbnail/{workbench.map.picture(key, at)}?{request.url.query}"
        return RedirectResponse(found.rstrip("?"))

    return router
