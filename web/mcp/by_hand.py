"""The tools that no declaration makes: they show pictures, gather what an assistant needs at once, or say
beforehand what it costs."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Annotated, Literal
from urllib.parse import quote

import pyarrow.csv
import pyarrow.parquet
from mcp.server.mcpserver import Elicit, Resolve
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from concepts.collaborator.annotations import (
    Judgement,
    annotate,
    estimate_annotation,
    judge,
    next_pictures_for,
)
from concepts.collaborator.proposals import propose, scoping_model
from concepts.definition.document import Criterion
from concepts.errors import ConflictError, DiscernError
from concepts.installation.jobs import list_jobs
from concepts.labelling.mining import POOL_SIZE, mine
from concepts.learning.report import Metric
from concepts.results.bundles import export_bundle
from concepts.results.concepts import begin_concept, concept_state
from concepts.results.heads import head_of
from concepts.results.library import library_info, search_library
from concepts.results.overview import list_concepts
from concepts.results.scores import score_file, score_page
from concepts.results.trained import version_quality
from concepts.use_cases import App
from concepts.use_cases.parameters import PictureId
from web.mcp.door import Agreed, Consent, Ctx, app_of, ask, caller_of, in_our_words, note
from web.mcp.showing import (
    ConceptName,
    FoundPicture,
    Job,
    Many,
    Scored,
    Shown,
    VersionNumber,
    job_of,
    shown,
    submitted,
)
from web.words import count, dollars

Budget = Annotated[
    float, Field(ge=0, le=1e9, allow_inf_nan=False, description="Stop before so many US dollars.")
]
Judgements = Annotated[list[Judgement], Field(min_length=1, max_length=50)]


class ListedConcept(BaseModel):
    name: str
    sentence: str
    answers: int
    versions: int
    quality: str
    next_step: str


class Libraries(BaseModel):
    """What is in the library, and every concept with how far it is."""

    pictures: int
    encoder: str | None
    damage: str
    concepts: list[ListedConcept]


class Answers(BaseModel):
    """Pictures that people labelled, each once. `measured` of `to_measure` test pictures have a label."""

    yes: int
    no: int
    unsure: int
    measured: int
    to_measure: int
    sentence: str


class Quality(BaseModel):
    """Figures of a version on test pictures, with 95 % intervals. `waiting` of those have no label.
    `sentences` say it for people."""

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


class ShownConcept(BaseModel):
    """What counts, how far it is, and how good the newest version is, or the one asked for. `answers` are
    people's; `machine_labels` pictures that machines judged, assistants included."""

    name: str
    sentence: str
    definition: int
    criteria: list[Criterion]
    searches: list[str]
    candidates: int
    answers: Answers
    machine_labels: int
    advice: str
    versions: list[int]
    quality: Quality | None


class Taken(BaseModel):
    """How many labels were new; of the others an earlier one of yours stands."""

    taken: int
    unchanged: int


def show_concept(
    ctx: Ctx,
    concept: Annotated[
        str, Field(max_length=120, description="Left out: the library, and all concepts.")
    ] = "",
    version: VersionNumber = None,
) -> Libraries | ShownConcept:
    """What counts for a concept, what people answered, its versions, and how good one of them is. Without a
    concept: the library, and the concepts in it. Begin there."""
    app = app_of(ctx)
    if concept:
        return _shown(app, concept, version)
    info = library_info(app)
    return Libraries(
        pictures=info.pictures,
        encoder=info.encoder,
        damage=info.damage,
        concepts=[
            ListedConcept(
                name=one.name,
                sentence=one.description,
                answers=one.answers.answers,
                versions=one.heads,
                quality=one.quality,
                next_step=one.next_step,
            )
            for one in list_concepts(app, 200)
        ],
    )


Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^/\\]*[^/\\\s][^/\\]*$")]
Sentence = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"\S")]
Excluding = Annotated[
    list[Annotated[str, Field(max_length=300)]],
    Field(max_length=50, description="What doesn't count, in the person's words; a kind of picture each."),
]


@in_our_words()
def agree_to_begin(
    ctx: Ctx,
    name: Name,
    sentence: Sentence,
    excluding: Excluding = [],  # noqa: B006  # never changed
) -> Elicit[Consent] | Consent:
    without = f" What doesn’t: {'; '.join(excluding)}" if excluding else ""
    return ask(ctx, "create_concept", f"Begin the concept “{name}”? What counts: {sentence}{without}")


def create_concept(
    ctx: Ctx,
    name: Name,
    sentence: Sentence,
    agreed: Annotated[Agreed, Resolve(agree_to_begin)],
    excluding: Excluding = [],  # noqa: B006  # never changed
) -> ShownConcept:
    """Begins a concept from a name and a sentence that says what counts, in the person's words."""
    app, author = app_of(ctx), caller_of(ctx).signature
    begun = begin_concept(app, name, sentence, excluding=excluding, author=author)
    return _shown(app, begun.name)


OnlySearch = Annotated[
    bool,
    Field(description="Propose nothing, and search the library for candidates by what counts already."),
]


@in_our_words()
def agree_to_propose(
    ctx: Ctx, concept: ConceptName, only_search: OnlySearch = False
) -> Elicit[Consent] | Consent:
    if only_search:
        question = f"Search the library for pictures worth looking at for “{concept}”?"
    else:
        model = scoping_model(app_of(ctx).settings)
        cost = f"It asks {model}, which may cost money." if model else "It costs nothing."
        question = f"Have criteria and searches proposed for “{concept}”, as a new definition? {cost}"
    return ask(ctx, "propose_what_counts", question)


def propose_what_counts(
    ctx: Ctx,
    concept: ConceptName,
    agreed: Annotated[Agreed, Resolve(agree_to_propose)],
    only_search: OnlySearch = False,
    size: Annotated[int, Field(ge=1, le=100_000, description="How many candidates to hold.")] = POOL_SIZE,
) -> Job:
    """Proposes criteria and what to search for, kept as the next definition; then, with `only_search`,
    searches the library for candidates: pictures worth looking at. A job."""
    handle = app_of(ctx).concept(concept)
    begun = handle.begin(mine, size) if only_search else handle.begin(propose)
    return submitted(app_of(ctx), begun.id)


@in_our_words()
def agree_to_label(ctx: Ctx, concept: ConceptName, labels: Judgements) -> Elicit[Consent] | Consent:
    said = Counter(one.value for one in labels)
    counted = ", ".join(f"{n} {value}" for value, n in said.items())
    question = f"Keep an assistant's labels of {count(len(labels), 'picture')} for “{concept}” ({counted})?"
    return ask(ctx, "label_pictures", f"{question} They count by how well they agree with your labels.")


def label_pictures(
    ctx: Ctx, concept: ConceptName, labels: Judgements, agreed: Annotated[Agreed, Resolve(agree_to_label)]
) -> Taken:
    """Keeps your judgements as a machine's labels, in your name and never as the person's answers. How much
    they count follows from how well they agree with what people answered. Pictures that measure are refused:
    only people answer those, on Label."""
    who = caller_of(ctx)
    taken = judge(app_of(ctx).concept(concept), labels, assistant=who.assistant, recorded_by=who.user)
    return Taken(taken=taken, unchanged=len({one.picture for one in labels}) - taken)


@in_our_words()
def agree_to_annotate(ctx: Ctx, concept: ConceptName, budget: Budget) -> Elicit[Consent] | Consent:
    estimate = estimate_annotation(app_of(ctx).concept(concept))
    by = estimate.model or "the built-in encoder"
    about = "at an unknown price" if estimate.usd is None else f"for about {dollars(estimate.usd)}"
    cost = f" {about}, at most {dollars(budget)}" if estimate.model else ", which costs nothing"
    question = f"Have {by} label {count(estimate.pictures, 'picture')} for “{concept}”{cost}?"
    return ask(ctx, "have_the_machine_label", question)


def have_the_machine_label(
    ctx: Ctx,
    concept: ConceptName,
    budget: Budget,
    agreed: Annotated[Agreed, Resolve(agree_to_annotate)],
    limit: Annotated[int | None, Field(ge=1, le=10_000_000, description="At most so many pictures.")] = None,
) -> Job:
    """Has the annotator that is set label the candidates, with a reason for each. A job."""
    app = app_of(ctx)
    return submitted(app, app.concept(concept).begin(annotate, limit=limit, budget=budget).id)


def _shown(app: App, name: str, version: int | None = None) -> ShownConcept:
    """`version`: the one whose figures are shown, the newest for None."""
    view, quality = concept_state(app.concept(name)), None
    definition, said = view.revision.definition, view.answers
    if view.heads or version:
        measured = version_quality(app.concept(name), version=version)
        report = measured.version.report
        quality = Quality(
            version=measured.version.number,
            threshold=measured.version.threshold,
            measured_on=measured.n,
            waiting=measured.waiting,
            figures=list(report.metrics) if report else [],
            sentences=list(report.sentences) if report else ["No test picture is labelled yet."],
            flagged=measured.flagged,
            pictures=measured.pictures,
        )
    return ShownConcept(
        name=view.name,
        sentence=definition.description,
        definition=view.revision.number,
        criteria=list(definition.criteria),
        searches=[query.text for query in definition.queries if query.counts],
        candidates=view.candidates,
        answers=Answers(
            yes=said.yes,
            no=said.no,
            unsure=said.unsure,
            measured=said.measure,
            to_measure=said.to_measure,
            sentence=said.sentence,
        ),
        machine_labels=view.annotated,
        advice=" ".join(filter(None, (view.advice, view.rare))),
        versions=[head.number for head in view.heads],
        quality=quality,
    )


def export(ctx: Ctx, concept: ConceptName, version: VersionNumber = None) -> Exported:
    """The classifier as a zip of files that run anywhere."""
    found = app_of(ctx).concept(concept)
    head = head_of(found, version)
    archive = export_bundle(found, head.number)
    route = f"/api/v1/concepts/{quote(found.name, safe='')}/versions/{head.number}/bundle"
    return Exported(file=str(archive), bytes=archive.stat().st_size, route=route)


# Pictures

Order = Annotated[
    Literal["top", "bottom", "borderline", "next"],
    Field(
        description="With a concept: the surest yes, the surest no, those close to the threshold, or those "
        "whose labels would help most now and that you have not judged."
    ),
]


def search_pictures(
    ctx: Ctx,
    words: Annotated[str, Field(max_length=2000, description="What to look for.")] = "",
    like: Annotated[list[PictureId], Field(max_length=20, description="Pictures to look like.")] = [],  # noqa: B006  # never changed
    concept: Annotated[
        str, Field(max_length=120, description="In place of words and pictures: by what it has learned.")
    ] = "",
    order: Order = "top",
    version: VersionNumber = None,
    n: Many = 6,
) -> Shown:
    """Pictures of the library: by words, by pictures or by both, the closest first; or by a concept. With
    order “next” look at each, judge it by the definition (show_concept), and say so with label_pictures."""
    app = app_of(ctx)
    if not concept:
        hits = search_library(app, words, like=like, n=n)
        closest = [FoundPicture(id=hit.id, path=hit.path) for hit in hits]
        return shown(app, f"{len(hits)} pictures, the closest first.", closest)
    if words or like:
        raise DiscernError("Search by words and pictures, or by a concept: not by both at once.")
    if order == "next":
        found = next_pictures_for(app.concept(concept), caller_of(ctx).assistant, n)
        first = f"{count(len(found), 'picture')} to judge, each behind its id."
        return shown(app, first, [FoundPicture(id=one.id) for one in found])
    page = score_page(app.concept(concept), order, version=version, limit=n)
    if page is None:
        raise ConflictError("This version has not looked at the library yet. Train it again first.")
    first = (
        f"Version {page.version} says yes to {page.flagged} of {page.total}, from {page.threshold:.3f} on."
    )
    scored = [FoundPicture(id=one.id, path=one.path, score=one.probability) for one in page.pictures]
    return shown(app, first, scored)


# Long work

LOOK_EVERY = 0.5  # seconds; progress is written that often
ENDED = ("done", "failed", "cancelled")
NEWEST = 10  # jobs that are listed

JobId = Annotated[int | None, Field(ge=1, le=2**31 - 1, description="Left out: the newest jobs.")]
Wait = Annotated[int, Field(ge=0, le=120, description="Seconds to wait for its end, with its progress told.")]
Rows = Annotated[int, Field(ge=0, le=200, description="How many rows to read of what score_files wrote.")]
Offset = Annotated[int, Field(ge=0, le=2**31 - 1, description="How many rows to pass over first.")]


async def job(
    ctx: Ctx, job_id: JobId = None, wait_seconds: Wait = 0, rows: Rows = 0, offset: Offset = 0
) -> Job | list[Job]:
    """How far a job is, and what came of it; without a number the newest jobs, those still going first. A job
    goes on by itself, also while nobody waits."""
    app = app_of(ctx)
    if job_id is None:
        newest = await run_in_threadpool(list_jobs, app, NEWEST)
        return [job_of(one) for one in newest]
    deadline = time.monotonic() + wait_seconds
    while True:
        found = await run_in_threadpool(submitted, app, job_id)
        if found.state in ENDED or time.monotonic() >= deadline:
            break
        await ctx.report_progress(found.done, found.total, found.message or found.state)
        await asyncio.sleep(min(LOOK_EVERY, max(deadline - time.monotonic(), 0)))
    if rows:
        file = await run_in_threadpool(score_file, app, job_id)
        read = pyarrow.csv.read_csv if file.suffix == ".csv" else pyarrow.parquet.read_table
        table = await run_in_threadpool(read, file)
        found.scores = [Scored(**row) for row in table.slice(offset, rows).to_pylist()]
        await run_in_threadpool(note, ctx, "downloaded scores", f"job {job_id}")
    return found
