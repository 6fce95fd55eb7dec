"""Files from the browser, one request each, streamed to disk."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request

from concepts.workbench import Workbench


def upload_routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/uploads")

    @router.post("")
    def begin() -> dict[str, str]:
        """A batch, which files are put into and which is then added as a whole."""
        return {"batch": workbench.context.uploads.begin()}

    @router.put("/{batch}/{name:path}")
    async def put(batch: str, name: str, request: Request) -> dict[str, str]:
        """One picture or zip archive as the body. Where it isn't taken, the answer says why."""
        size = request.headers.get("content-length", "")
        if not size.isdigit():
            raise HTTPException(411, "Say with Content-Length how many bytes are coming.")
        kept = await workbench.context.uploads.save(batch, name, int(size), request.stream())
        return {"name": kept}

    return router
