"""What the routes share: who asks, pages, and how long work is answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

from concepts.installation.activity import JobView
from concepts.installation.jobs import job_state
from concepts.use_cases import App
from concepts.use_cases.roles import Role
from web.http.guard import author_of

MEDIA_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".zip": "application/zip",
}

MOST_NAMES = 5_000  # of the members of all objects
NAME = re.compile(rb'[^\\]"\s*:')

ConceptName = Annotated[
    str,
    Path(
        min_length=1,
        max_length=120,
        description="The concept's name, where upper and lower case are the same, or one that it had before, "
        "or its id as `id:7`.",
    ),
]


class Body(BaseModel):
    """A request's body. A name that isn't known is a mistake, not something to pass over."""

    model_config = {"extra": "forbid"}


class BoundedRoute(APIRoute):
    """Refuses JSON with more names than any request has before each that isn't known becomes an error: that
    many take seconds, in which nobody is answered."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def bounded(request: Request) -> Response:
            if "json" in request.headers.get("content-type", "json"):
                names = len(NAME.findall(await request.body()))
                if names > MOST_NAMES:
                    said = f"{names:,} names are more than any request has"
                    raise RequestValidationError([{"type": "too_many_names", "loc": ("body",), "msg": said}])
            return await handle(request)

        return bounded


AuthorName = Annotated[str, Depends(author_of)]


def _reader(request: Request) -> str | None:
    """Who answers themselves before they read what others said. An owner takes everything along, and who only
    looks has no answer that could be swayed."""
    return author_of(request) if request.state.role == Role.LABELLER else None


Reader = Annotated[str | None, Depends(_reader)]


def accepted(app: App, job_id: int, response: Response) -> JobView:
    """The answer of a route that begins long work: 202, the job, and where to ask for it."""
    response.headers["Location"] = f"/api/v1/jobs/{job_id}"
    return job_state(app, job_id)


LONG: dict[str, Any] = {
    "status_code": 202,
    "responses": {
        202: {
            "description": "Begun in the background; the job says how far it is",
            "headers": {"Location": {"schema": {"type": "string"}, "description": "The job's address"}},
        }
    },
}
