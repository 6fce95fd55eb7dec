"""Pictures over HTTP: thumbnails and larger renditions by id, from the library only, cached for good; the
videos that some are frames of; and the map.

Protection is in the address (`?shown=blur`), so that a browser keeps a picture in clear apart from the same
one blurred. It spares people a sight and keeps nothing from them: they may ask for the picture in clear.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from concepts.errors import UnknownError
from concepts.library.collection import collection_of
from concepts.library.originals import video_of
from concepts.library.outside_pictures import outside_thumbnail
from concepts.library.protection import OnPage, Part, protection_on_page
from concepts.library.renditions import Rendition, renditions_of
from concepts.library.roots import within_roots
from concepts.results.library import thumbnail_of
from concepts.results.library_map import By, map_colours, map_places, picture_on_map
from concepts.use_cases import App
from concepts.use_cases.names import LONGEST
from storage.pictures.resizing import protected
from storage.pictures.videos import PLAYED
from web.http.guard import author_of
from web.render import render

IMMUTABLE = "private, max-age=31536000, immutable"  # an id is the hash of the bytes: it never changes
FRESH = {"Cache-Control": "private, no-cache"}
NOT_KEPT = "no-store"  # a picture in its own tab may be protected by the time it is opened again
# Threads for pictures and for reads over REST. The app has 40, so readers leave some for a label.
READING = CapacityLimiter(32)
OPENED = ("document", "iframe", "frame", "object", "embed")  # what a browser opens as a page
BYTES = "application/octet-stream"
Shown = Annotated[tuple[Part, ...], Query(max_length=2)]
Key = Annotated[str, Query(max_length=12)]


def media_routes(app: App) -> APIRouter:
    """What a browser has already is said at once; only what reads a file takes a thread."""
    router = APIRouter(prefix="/media")

    def small(picture_id: str) -> Rendition:
        try:
            return Rendition(thumbnail_of(app, picture_id), whole=True)
        except UnknownError:
            return Rendition(outside_thumbnail(collection_of(app), picture_id), whole=True)

    @router.get("/video/{picture_id}")
    def video(picture_id: str) -> FileResponse:
        """The video that a picture is a frame of, in ranges as players ask for it."""
        context = app
        # The visitors of a demo have links to the host's pictures, which are outside of their roots.
        within = None if context.settings.demo else within_roots(context.settings)
        path = video_of(collection_of(context).library, picture_id, within)
        return FileResponse(path, media_type=PLAYED.get(path.suffix.lower(), BYTES), headers=FRESH)

    @router.get("/{kind}/{picture_id}")
    async def picture(
        kind: Literal["thumbnail", "picture"], picture_id: str, request: Request, shown: Shown = ()
    ) -> Response:
        """A picture of at most 1,280 pixels on the long side, or 320 as a thumbnail, which an example from
        outside the library has too. As a page that protects it if a browser opens it in a tab or frame."""
        is_opened = request.headers.get("sec-fetch-dest", "") in OPENED
        if is_opened and (how := await run_in_threadpool(protection_here, app, request)).parts:
            page = render("protection/picture.html", address=f"{request.url.path}{how.query}", how=how)
            return HTMLResponse(page, headers={"Cache-Control": NOT_KEPT, "Vary": "Sec-Fetch-Dest"})
        headers = {
            "ETag": f'"{"-".join([picture_id, *shown])}"',
            "Cache-Control": NOT_KEPT if is_opened else IMMUTABLE,
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)

        def as_shown() -> Rendition:
            found = small(picture_id) if kind == "thumbnail" else renditions_of(app).read(picture_id)
            if not shown:
                return found
            thumbnail = small(picture_id).content
            content = protected(
                found.content, thumbnail, blur="blur" in shown, greyscale="greyscale" in shown
            )
            return Rendition(content, found.whole)

        found = await to_thread.run_sync(as_shown, limiter=READING)
        if not found.whole:  # the original may come back
            headers = FRESH
        return Response(found.content, media_type="image/jpeg" if shown else "image/webp", headers=headers)

    return router


def map_routes(app: App) -> APIRouter:
    """What the map is drawn from: a place and a colour for each picture; and the picture at a place."""
    router = APIRouter(prefix="/app/map", include_in_schema=False)

    @router.get("/places")
    def places(key: Key) -> Response:
        """x and y of each picture, from 0 to 65,535: two little-endian numbers of 16 bits."""
        content = map_places(app, key).astype("<u2").tobytes()  # another state has another key
        return Response(content, media_type=BYTES, headers={"Cache-Control": IMMUTABLE})

    @router.get("/colours")
    def colours(
        key: Key, by: By, request: Request, concept: Annotated[str, Query(max_length=120)] = ""
    ) -> Response:
        """A byte for each picture: 0, or 1 and the place in the legend, which is a header."""
        found = map_colours(app, key, by, concept, author_of(request))
        legend = json.dumps([one.model_dump() for one in found.legend])
        return Response(found.codes.tobytes(), media_type=BYTES, headers=FRESH | {"Map-Legend": legend})

    @router.get("/pictures/{key}/{at}")
    def picture(key: str, at: int, request: Request) -> RedirectResponse:
        """The small picture, shown as the address says."""
        found = f"/media/thumbnail/{picture_on_map(app, key, at)}?{request.url.query}"
        return RedirectResponse(found.rstrip("?"))

    return router


def protection_here(app: App, request: Request) -> OnPage:
    """How to protect pictures for this person, by the concept in the address."""
    named = request.query_params.get("concept", "")
    return protection_on_page(app, author_of(request), named if len(named) <= LONGEST else None)
