"""Pictures as an assistant sees them, and views short enough to be read by one."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Annotated, Any

from mcp.types import CallToolResult, ContentBlock, ImageContent, TextContent
from PIL import Image
from pydantic import BaseModel, Field

from concepts.installation.activity import JobView
from concepts.installation.jobs import job_state
from concepts.results.library import thumbnail_of
from concepts.use_cases import App

MOST_PICTURES = 12  # in one answer: some 15 kB each
QUALITY = 80  # of JPEG

ConceptName = Annotated[
    str, Field(min_length=1, max_length=120, description="The concept's name, or `id:7`.")
]
Many = Annotated[int, Field(ge=1, le=MOST_PICTURES, description="How many pictures.")]
VersionNumber = Annotated[
    int | None, Field(ge=1, le=2**31 - 1, description="A trained version; the newest where it is left out.")
]


class Scored(BaseModel):
    """Of a file that can't be read there is only the path and, as `error`, why."""

    id: str | None
    path: str
    score: float | None
    decision: str | None
    error: str | None = None


class FoundPicture(BaseModel):
    id: str
    path: str = ""
    score: float | None = None


class Found(BaseModel):
    """`path` and `score` are left out of pictures that are to be judged by what they show alone."""

    sentence: str
    pictures: list[FoundPicture]


Shown = Annotated[CallToolResult, Found]


class Job(BaseModel):
    """Long work. `state`: queued, running, interrupted (goes on by itself), done, failed or cancelled; what
    came of it is in `result`. Ask again with the tool `job`. `scores`: the rows asked for of what a scoring
    job wrote, in the order of the files."""

    id: int
    kind: str
    concept: str | None
    state: str
    done: int
    total: int | None
    message: str
    error: str
    result: dict[str, Any] | None
    seconds_left: float | None
    cost_usd: float | None
    scores: list[Scored] = []


def job_of(view: JobView) -> Job:
    return Job(**{name: getattr(view, name) for name in Job.model_fields if name != "scores"})


def submitted(app: App, job_id: int) -> Job:
    return job_of(job_state(app, job_id))


def shown(app: App, sentence: str, pictures: Sequence[FoundPicture]) -> CallToolResult:
    """The sentence, then of each picture what is known, as text, and the picture; all of it as a `Found`."""
    blocks: list[ContentBlock] = [TextContent(text=sentence)]
    for one in pictures:
        score = "" if one.score is None else f"{one.score:.3f}"
        said = " ".join(filter(None, (one.id, score, one.path)))
        out = io.BytesIO()  # as JPEG: what every assistant takes
        thumbnail = Image.open(io.BytesIO(thumbnail_of(app, one.id)))
        thumbnail.convert("RGB").save(out, "JPEG", quality=QUALITY)
        data = base64.b64encode(out.getvalue()).decode()
        blocks += [TextContent(text=said), ImageContent(data=data, mime_type="image/jpeg")]
    found = Found(sentence=sentence, pictures=list(pictures))
    return CallToolResult(content=blocks, structured_content=found.model_dump(mode="json"))
