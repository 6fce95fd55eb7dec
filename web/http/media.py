"""Pictures over HTTP: thumbnails and larger renditions by id, from the library only, cached for good; and the
videos that some are frames of.

Protection is in the address (`?shown=blur`), so that a browser keeps a picture in clear apart from the same
one blurred. It spares people a sight and keeps nothing from them: they may ask for the picture in clear.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.concurrency import run_in_threadpool

from concepts.errors import UnknownError
from concepts.library.originals import video_of
from concepts.library.outside_pictures import outside_thumbnail
from concepts.library.renditions import Rendition
from concepts.library.roots import within_roots
from concepts.workbench import Workbench
from concepts.workbench.protection import Part
from storage.pictures.resizing import protected
from storage.pictures.videos import PLAYED
from web.page import protection_of
from web.render import render

IMMUTABLE = "private, max-age=31536000, immutable"  # an id is the hash of the bytes: it never changes
NOT_KEPT = "no-store"  # a picture in its own tab may be protected by the time it is opened again
OPENED = ("document", "iframe", "frame", "object", "embed")  # what a browser opens as a page
Shown = Annotated[tuple[Part, ...], Query(max_length=2)]


def media_routes(workbench: Workbench) -> APIRouter:
    """What a browser has already is said at once; only what reads a file takes a thread."""
    router = APIRouter(prefix="/media")

    def small(picture_id: str) -> Rendition:
        try:
            return Rendition(workbench.library.thumbnail(picture_id), whole=True)
        except UnknownError:
            return Rendition(outside_thumbnail(workbench.context.collection, picture_id), whole=True)

    @router.get("/video/{picture_id}")
    def video(picture_id: str) -> FileResponse:
        """The video that a picture is a frame of, in ranges as players ask for it."""
        context = workbench.context
        # The visitors of a demo have links to the host's pictures, which are outside of their roots.
        within = None if context.settings.demo else within_roots(context.settings)
        path = video_of(context.collection.library, picture_id, within)
        kind = PLAYED.get(path.suffix.lower(), "application/octet-stream")
        return FileResponse(path, media_type=kind, headers={"Cache-Control": "private, no-cache"})

    @router.get("/{kind}/{picture_id}")
    async def picture(
        kind: Literal["thumbnail", "picture"], picture_id: str, request: Request, shown: Shown = ()
    ) -> Response:
        """A picture of at most 1,280 pixels on the long side, or 320 as a thumbnail, which an example from
        outside the library has too. As a page that protects it if a browser opens it in a tab or frame."""
        if is_opened(request) and (how := await run_in_threadpool(protection_of, workbench, request)).parts:
            page = render("protection/picture.html", address=f"{request.url.path}{how.query}", how=how)
            return HTMLResponse(page, headers={"Cache-Control": NOT_KEPT, "Vary": "Sec-Fetch-Dest"})
        headers = headers_of("-".join([picture_id, *shown]), request)
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)

        def as_shown() -> Rendition:
            found = (
                small(picture_id) if kind == "thumbnail" else workbench.context.renditions.read(picture_id)
            )
            if not shown:
                return found
            thumbnail = small(picture_id).content
            content = protected(
                found.content, thumbnail, blur="blur" in shown, greyscale="greyscale" in shown
            )
            return Rendition(content, found.whole)

        found = await run_in_threadpool(as_shown)
        if not found.whole:  # the original may come back
            headers = {"Cache-Control": "private, no-cache"}
        return Response(found.content, media_type="image/jpeg" if shown else "image/webp", headers=headers)

    return router


def is_opened(request: Request) -> bool:
    """Whether the browser opens the picture as a page."""
    return request.headers.get("sec-fetch-dest", "") in OPENED


def headers_of(tag: str, request: Request) -> dict[str, str]:
    return {"ETag": f'"{tag}"', "Cache-Control": NOT_KEPT if is_opened(request) else IMMUTABLE}
