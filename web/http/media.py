"""Pictures over HTTP: thumbnails and larger renditions by id, from the library only, cached for good."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from concepts.errors import UnknownPictureError
from concepts.library.outside_pictures import outside_thumbnail
from concepts.workbench import Workbench

IMMUTABLE = "private, max-age=31536000, immutable"  # an id is the hash of the bytes: it never changes


def media_routes(workbench: Workbench) -> APIRouter:
    """What a browser has already is said at once; only what reads a file takes a thread."""
    router = APIRouter(prefix="/media")

    def small(picture_id: str) -> bytes:
        try:
            return workbench.library.thumbnail(picture_id)
        except UnknownPictureError:
            return outside_thumbnail(workbench.context.collection, picture_id)

    @router.get("/thumbnail/{picture_id}")
    async def thumbnail(picture_id: str, request: Request) -> Response:
        """WebP, at most 320 pixels on the long side; of an example from outside the library too."""
        headers = {"ETag": f'"{picture_id}"', "Cache-Control": IMMUTABLE}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        content = await run_in_threadpool(small, picture_id)
        return Response(content, media_type="image/webp", headers=headers)

    @router.get("/picture/{picture_id}")
    async def picture(picture_id: str, request: Request) -> Response:
        """WebP, at most 1,280 pixels on the long side; the thumbnail where the original is gone."""
        headers = {"ETag": f'"{picture_id}"', "Cache-Control": IMMUTABLE}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        rendition = await run_in_threadpool(workbench.context.renditions.read, picture_id)
        if not rendition.whole:  # the original may come back
            headers = {"Cache-Control": "private, no-cache"}
        return Response(rendition.content, media_type="image/webp", headers=headers)

    return router
