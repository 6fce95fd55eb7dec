"""Versions for people who have no Discern: as a page by a link that ends, and as one file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse
from pydantic import Field

from concepts.workbench import Workbench
from concepts.workbench.sharing import DAYS, MOST_DAYS, NewLink, ShareView
from web.api.shared import AuthorName, Body, ConceptName, VersionNumber
from web.http.downloads import version_file

ShareNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


class Share(Body):
    """`days`: how long the link works."""

    days: float = Field(DAYS, gt=0, le=MOST_DAYS, allow_inf_nan=False)


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/concepts/{name}")

    @router.post("/versions/{version}/shares", status_code=201)
    def share_version(name: ConceptName, version: VersionNumber, body: Share, author: AuthorName) -> NewLink:
        """Makes a link by which whoever has it sees what this version says about itself, with up to eighteen
        small pictures, and tries it on pictures of their own. The link is in this answer alone."""
        return workbench.sharing.share(name, version=version, days=body.days, author=author)

    @router.get("/shares")
    def list_shares(name: ConceptName) -> list[ShareView]:
        """Every link to the concept's versions, the newest first, without what it takes to open one."""
        return workbench.sharing.links(name)

    @router.delete("/shares/{share}")
    def end_share(name: ConceptName, share: ShareNumber, author: AuthorName) -> ShareView:
        """From now on the link leads nowhere."""
        return workbench.sharing.revoke(name, share, author=author)

    @router.get("/versions/{version}/page", response_class=HTMLResponse)
    def version_page(name: ConceptName, version: VersionNumber, classifier: bool = False) -> HTMLResponse:
        """The same as one HTML file that needs nothing else. With the `classifier` in it, which is tens of
        megabytes, it looks at pictures too, without a network."""
        return version_file(workbench, name, version, classifier)

    return router
