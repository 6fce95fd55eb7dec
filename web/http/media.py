"""Pictures over HTTP: thumbnails and larger renditions by id, from the library only, cached for good."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from concepts.errors import UnknownPictureError
from concepts.library.outside_pictures import outside_thumbnail
from concepts.workbench import Workbench
from web.page import protection_of
from web.render import render

IMMUTABLE = "private, max-age=31536000, immutable"  # an id is the hash of the bytes: it never changes
NOT_KEPT = "no-store"  # a picture in its own tab may be protected by the time it is opened again
OPENED = ("document", "iframe", "frame", "object", "embed")  # what a browser opens as a page


def media_routes(workbench: Workbench) -> APIRouter:
    """What a browser has already is said at once; only what reads a file takes a thread."""
    router = APIRouter(prefix="/media")

    def small(picture_id: str) -> bytes:
        try:
            return workbench.library.thumbnail(picture_id)
        except UnknownPictureError:
            return outside_thumbnail(workbench.context.collection, picture_id)

    async def at_once(picture_id: str, request: Request) -> Response | None:
        """The response that needs no file: 304, or a page that blurs a protected picture opened in its own
        tab or frame."""
        if is_opened(request) and (how := await run_in_threadpool(protection_of, workbench, request)).parts:
            page = render("protection/picture.html", address=request.url.path, how=how)
            return HTMLResponse(page, headers={"Cache-Control": NOT_KEPT, "Vary": "Sec-Fetch-Dest"})
        headers = headers_of(picture_id, request)
        has_it = request.headers.get("if-none-match") == headers["ETag"]
        return Response(status_code=304, headers=headers) if has_it else None

    @router.get("/thumbnail/{picture_id}")
    async def thumbnail(picture_id: str, request: Request) -> Response:
        """WebP, at most 320 pixels on the long side; of an example from outside the library too."""
        if said := await at_once(picture_id, request):
            return said
        content = await run_in_threadpool(small, picture_id)
        return Response(content, media_type="image/webp", headers=headers_of(picture_id, request))

    @router.get("/picture/{picture_id}")
    async def picture(picture_id: str, request: Request) -> Response:
        """WebP, at most 1,280 pixels on the long side; the thumbnail where the original is gone."""
        if said := await at_once(picture_id, request):
            return said
        rendition = await run_in_threadpool(workbench.context.renditions.read, picture_id)
        headers = headers_of(picture_id, request)
        if not rendition.whole:  # the original may come back
            headers = {"Cache-Control": "private, no-cache"}
        return Response(rendition.content, media_type="image/webp", headers=headers)

    return router


def is_opened(request: Request) -> bool:
    """Whether the browser opens the picture as a page."""
    return request.headers.get("sec-fetch-dest", "") in OPENED


def headers_of(picture_id: str, request: Request) -> dict[str, str]:
    return {"ETag": f'"{picture_id}"', "Cache-Control": NOT_KEPT if is_opened(request) else IMMUTABLE}
