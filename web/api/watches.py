"""Watched folders: new pictures are scored as they come; what was flagged is sent, listed and asked about."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi import Path as PathParam
from fastapi.responses import JSONResponse
from pydantic import Field

from concepts.installation.activity import JobView
from concepts.library.uploads import typed_folder
from concepts.watching.views import Begun, DeliveryView, FlaggedPage, WatchView
from concepts.workbench import Workbench
from web.api.shared import LONG, Accepted, AuthorName, Body, ConceptName, Limit, Offset

FEED = "application/feed+json"
WatchNumber = Annotated[int, PathParam(ge=1, le=2**31 - 1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Watch(Body):
    """`folder`: a full path on the computer Discern runs on. `version`: whichever is the newest if left out.
    `ask_flagged`, `ask_others`: shares of what is flagged, and of what is not, that come back as blind
    questions. `promised`: which share of what is flagged is to be right; if left out, what the version
    promises."""

    folder: str = Field(min_length=1, max_length=4096)
    version: int | None = Field(None, ge=1, le=2**31 - 1)
    webhook: str = Field("", max_length=2000)
    ask_flagged: Share = 0.1
    ask_others: Share = 0.01
    promised: Share | None = None


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/concepts/{name}/watches")
    accepted = Accepted(workbench)

    @router.get("")
    def list_watches(name: ConceptName) -> list[WatchView]:
        """The watched folders of a concept, the newest first, with how right they are over time."""
        return workbench.watching.watches(name)

    @router.post("", status_code=201)
    def begin_watch(name: ConceptName, body: Watch, author: AuthorName) -> Begun:
        """Watches a folder from now on, with what is in it. The secret that messages are signed with is in
        this answer alone. The same folder, version and webhook again is the same watch."""
        return workbench.watching.begin(
            name,
            typed_folder(body.folder),
            version=body.version,
            webhook=body.webhook,
            ask_flagged=body.ask_flagged,
            ask_others=body.ask_others,
            promised=body.promised,
            author=author,
            confined=True,
        )

    @router.get("/{watch}")
    def get_watch(name: ConceptName, watch: WatchNumber) -> WatchView:
        """One of them. `precision.standing` is `broken` or `doubtful` where there is a reason to warn."""
        return workbench.watching.watch(name, watch)

    @router.post("/{watch}/look", **LONG)
    def look_at_folder(name: ConceptName, watch: WatchNumber, response: Response) -> JobView:
        """Takes in what is new now. While Discern runs that is done every few seconds anyway."""
        return accepted(workbench.watching.submit_look(name, watch), response)

    @router.post("/{watch}/stop")
    def stop_watch(name: ConceptName, watch: WatchNumber) -> WatchView:
        """Takes in nothing more. What was flagged before is still delivered."""
        return workbench.watching.stop(name, watch)

    @router.get("/{watch}/flagged")
    def list_flagged(
        name: ConceptName, watch: WatchNumber, limit: Limit = 50, offset: Offset = 0
    ) -> FlaggedPage:
        """What was flagged, the newest first, without what is to be answered blindly; the feed has all."""
        return workbench.watching.flagged(name, watch, limit, offset)

    @router.get("/{watch}/messages")
    def list_messages(
        name: ConceptName,
        watch: WatchNumber,
        state: Literal["waiting", "delivered", "dead"] = "waiting",
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> list[DeliveryView]:
        """Messages to the webhook and what became of them. Dead ones were tried eight times."""
        return workbench.watching.deliveries(name, watch, state, limit, offset)

    @router.get(
        "/{watch}/feed",
        response_class=JSONResponse,
        responses={200: {"content": {FEED: {"schema": {"type": "object"}}}}},
    )
    def watch_feed(
        name: ConceptName, watch: WatchNumber, request: Request, limit: Limit = 50, offset: Offset = 0
    ) -> JSONResponse:
        """All that was flagged, as JSON Feed 1.1, the newest first."""
        site = str(request.base_url.replace(path="")).rstrip("/")
        address = str(request.url.replace(query=""))
        found: dict[str, Any] = workbench.watching.feed(
            name, watch, limit, offset, address=address, site=site
        )
        return JSONResponse(found, media_type=FEED)

    return router
