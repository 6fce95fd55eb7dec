"""What the routes share: who asks, pages, and how long work is answered."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response
from pydantic import BaseModel

from concepts.installation.activity import JobView
from concepts.installation.users import Role
from concepts.workbench import Workbench
from web.http.guard import author_of, role_in

MEDIA_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".zip": "application/zip",
}

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


AuthorName = Annotated[str, Depends(author_of)]


def _reader(request: Request) -> str | None:
    """Who answers themselves before they read what others said. An owner takes everything along, and who only
    looks has no answer that could be swayed."""
    return author_of(request) if role_in(request) == Role.LABELLER else None


Reader = Annotated[str | None, Depends(_reader)]


class Accepted:
    """Answers of routes that begin long work: 202, the job, and where to ask for it."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench

    def __call__(self, job_id: int, response: Response) -> JobView:
        response.headers["Location"] = f"/api/v1/jobs/{job_id}"
        return self._workbench.installation.job(job_id)


LONG: dict[str, Any] = {
    "status_code": 202,
    "responses": {
        202: {
            "description": "Begun in the background; the job says how far it is",
            "headers": {"Location": {"schema": {"type": "string"}, "description": "The job's address"}},
        }
    },
}
