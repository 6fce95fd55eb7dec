"""Tools about trained versions: train, score, take away."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from mcp.server.mcpserver import Elicit, Resolve
from pydantic import BaseModel, Field

from concepts.learning.report import Metric
from concepts.workbench import Workbench
from web.mcp.door import Agreed, Consent, Ctx, ask, bench_of, in_our_words
from web.mcp.showing import ConceptName, Job, VersionNumber, submitted

Target = Annotated[str, Field(max_length=60, description="f1, precision=0.9 or recall=0.9.")]
Folder = Annotated[
    str, Field(min_length=1, max_length=4096, description="A folder, picture or zip of Discern's computer.")
]


class Quality(BaseModel):
    """Figures of a version on pictures that people answered and nothing learned from, with 95 % intervals.
    `waiting` of those that measure have no answer. `sentences` say it for people."""

    version: int
    threshold: float
    measured_on: int
    waiting: int
    figures: list[Metric]
    sentences: list[str]
    flagged: int | None
    pictures: int


class Exported(BaseModel):
    """A zip of files that score pictures anywhere: where it lies on Discern's computer, its bytes, and where
    REST has it."""

    file: str
    bytes: int
    route: str


@in_our_words()
def agree_to_train(ctx: Ctx, concept: ConceptName) -> Elicit[Consent] | Consent:
    return ask(ctx, "train", f"Train a new version of “{concept}” from all answers? Older ones stay.")


def train(
    ctx: Ctx, concept: ConceptName, agreed: Annotated[Agreed, Resolve(agree_to_train)], target: Target = "f1"
) -> Job:
    """Trains the next version, measures it and scores the library. A job."""
    bench = bench_of(ctx)
    return submitted(bench, bench.versions.submit_train(concept, target=target))


def quality_of(bench: Workbench, concept: str, version: int | None) -> Quality:
    """How good a version is, the newest for None."""
    view = bench.versions.quality(concept, version=version)
    report = view.version.report
    return Quality(
        version=view.version.number,
        threshold=view.version.threshold,
        measured_on=view.n,
        waiting=view.waiting,
        figures=list(report.metrics) if report else [],
        sentences=list(report.sentences) if report else ["Nobody has answered what measures yet."],
        flagged=view.flagged,
        pictures=view.pictures,
    )


@in_our_words()
def agree_to_score(ctx: Ctx, concept: ConceptName, path: Folder) -> Elicit[Consent] | Consent:
    return ask(ctx, "score_files", f"Score the pictures in {path} with “{concept}”?")


def score_files(
    ctx: Ctx,
    concept: ConceptName,
    path: Folder,
    agreed: Annotated[Agreed, Resolve(agree_to_score)],
    version: VersionNumber = None,
) -> Job:
    """Scores pictures that need not be in the library, where Discern may read them. A job; `job` with
    `rows` then reads what it wrote."""
    bench = bench_of(ctx)
    head = bench.context.version(concept, version)[1]
    return submitted(bench, bench.exports.submit_score_files(concept, head.number, path, "parquet"))


def export(ctx: Ctx, concept: ConceptName, version: VersionNumber = None) -> Exported:
    """The classifier as a zip of files that run anywhere."""
    bench = bench_of(ctx)
    found, head = bench.context.version(concept, version)
    archive = bench.exports.archive(concept, head.number)
    route = f"/api/v1/concepts/{quote(found.name, safe='')}/versions/{head.number}/bundle"
    return Exported(file=str(archive), bytes=archive.stat().st_size, route=route)
