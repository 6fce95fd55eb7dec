"""A version for whoever has a link to it: one page with its pictures in it, and a call that looks at one of
theirs. No login leads here, and nothing leads on from here."""

from __future__ import annotations

import asyncio
import hashlib

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from concepts.errors import ShareGoneError
from concepts.export.said import PictureSaid, Zone
from concepts.export.shared import STYLE, hashed, page_of_a_link_that_is_over
from concepts.learning.scale import NONE_IN_WORDS
from concepts.sandboxes.limits import LIMITS
from concepts.workbench import Workbench
from storage.allowances import Allowances, Limit, UsedUpError
from web.http.guard import address_of
from web.http.problems import problem

SHARED = "/shared/"
# How many pictures strangers may have looked at, within how many seconds: by a link, whoever has it, as many
# as a visitor of a demo may add.
OF_A_LINK = (LIMITS.pictures, LIMITS.seconds)
OF_AN_ADDRESS = (10, 60.0)
WORDS: dict[Zone, str] = {"yes": "yes", "no": "no", "look": "look yourself"}
POLICY = (
    f"default-src 'none'; style-src {hashed(STYLE)}; script-src 'self'; connect-src 'self'; "
    "img-src data: blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
# Nobody is told where a link was opened, no search engine keeps it, and no browser what it showed.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "no-store",
}


def sharing_routes(workbench: Workbench, allowances: Allowances) -> APIRouter:
    router = APIRouter(prefix=SHARED.rstrip("/"), include_in_schema=False)
    one_at_a_time = asyncio.Semaphore(1)

    @router.get("/{token}")
    def page(token: str) -> Response:
        try:
            return HTMLResponse(workbench.sharing.page(token, "/web/shared.js"), headers=HEADERS)
        except ShareGoneError:
            return HTMLResponse(page_of_a_link_that_is_over(), 410, HEADERS)

    @router.post("/{token}/classify")
    async def classify(token: str, request: Request, picture: UploadFile = File()) -> Response:  # noqa: B008
        """What the version says of one picture. Nothing of it is kept."""
        link = hashlib.sha256(token.encode(errors="replace")).hexdigest()
        limits = [
            Limit(f"pictures from {address_of(request.scope)}", *OF_AN_ADDRESS),
            Limit(f"pictures by link {link}", *OF_A_LINK),
        ]
        try:
            await run_in_threadpool(allowances.take, limits)
        except UsedUpError as used_up:
            said = f"That were many pictures. Try again in {used_up.seconds:.0f} seconds."
            return problem(429, said, headers=HEADERS | {"Retry-After": f"{used_up.seconds:.0f}"})
        async with one_at_a_time:  # so that strangers never take more than one of the processors
            found = await run_in_threadpool(workbench.sharing.classify, token, await picture.read())
        return JSONResponse(_told(found), headers=HEADERS)

    return router


def _told(found: PictureSaid) -> dict[str, object]:
    """In a word: yes or no, its grade, or the likeliest class."""
    if not found.said:
        return {"error": found.error}
    first, *others = found.said
    if not others:
        grade = first.grade
        words = WORDS[first.zone] if grade is None else f"grade {grade:.1f}"
        return {"words": words, "probability": first.probability, "zone": first.zone}
    likeliest = next((said for said in found.said if said.decision == "yes"), None)
    if likeliest is None:
        none = max(1 - sum(said.probability for said in found.said), 0.0)
        return {"words": NONE_IN_WORDS, "probability": none, "zone": "no"}
    return {"words": likeliest.concept, "probability": likeliest.probability, "zone": "yes"}
