"""Having a machine label the candidate pool: which annotator, which pictures, and keeping what it says."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache, partial

import numpy as np

from concepts.annotators import ANNOTATORS, AUTO
from concepts.annotators.base import Annotation, Annotator, FailedAnnotation, PictureInput, Supplies
from concepts.annotators.builtin import BuiltinAnnotator
from concepts.encoders.base import Vectors
from concepts.errors import BudgetError
from concepts.jobs import Progress
from concepts.labels.lessons import Lessons
from concepts.language import seeing_model
from concepts.language.ledger import Budget
from concepts.library.collection import Collection
from concepts.settings import Settings
from concepts.view import View
from storage.calls import Ledger
from storage.concepts import ConceptStore, StoredAnnotation
from storage.labels import Author, LabelLog, NewLabel
from storage.pictures import sources
from storage.pictures.decoding import decode
from storage.pictures.resizing import model_jpeg

BACKGROUND = 2000  # pictures of the library that the built-in annotator compares with


class AnnotateResult(View):
    annotator: str
    annotated: int
    failed: list[dict[str, str]]
    ratings: dict[str, int]
    calls: int
    cost_usd: float | None
    stopped: str  # why it ended before the end of the work, in words; empty where it did not


def annotate_pool(
    lessons: Lessons,
    collection: Collection,
    store: ConceptStore,
    log: LabelLog,
    ledger: Ledger,
    settings: Settings,
    progress: Progress,
    *,
    limit: int | None,
    budget: float | None,
    annotator: str,
    also: Sequence[str] = (),
) -> AnnotateResult:
    """Annotates the pool, then pictures outside it that the machine is to be measured on, as far as this
    annotator has not seen them with this definition.

    Each batch is kept before the next is asked. A run that was killed goes on with the same `limit` and
    `budget` (USD): what its first part did counts. Calls are charged to the job and to nobody else.
    """
    ledger = ledger.charged_to(progress.job_id, lessons.concept_id)
    spends = None if budget is None else Budget(budget, ledger.spent_usd(job_id=progress.job_id))
    chosen = choose_annotator(annotator, supplies_of(lessons, collection, ledger, settings, spends))
    known = store.ratings(
        lessons.concept_id, fingerprint=chosen.fingerprint, definition_number=lessons.revision.number
    )
    seen = {said.picture_id for said in known}
    before = progress.once("annotated", len(seen))
    todo = [i for i in [*_pool(lessons), *also] if i not in seen]
    if limit is not None:
        todo = todo[: max(limit - (len(seen) - before), 0)]
    total = len(seen) - before + len(todo)
    failed: list[dict[str, str]] = []
    stopped = ""
    done = len(seen) - before
    progress.report(done, total, f"asking {chosen.name}")
    for start in range(0, len(todo), chosen.batch_size):
        inputs = picture_inputs(lessons, collection, todo[start : start + chosen.batch_size])
        results, stopped = _ask(chosen, lessons, inputs)
        kept = [result for result in results if isinstance(result, Annotation)]
        keep(kept, chosen, lessons, store, log)
        failed += [
            {"id": r.picture_id, "reason": r.reason} for r in results if isinstance(r, FailedAnnotation)
        ]
        done += len(results)
        progress.report(done, total, f"{len(failed)} could not be judged" if failed else "")
        if stopped:
            break
    spent = (ledger.count(job_id=progress.job_id), ledger.spent_usd(job_id=progress.job_id))
    return _result(chosen, lessons, store, before, spent, failed, stopped)


def builtin_annotator(lessons: Lessons, collection: Collection) -> BuiltinAnnotator:
    """Costs nothing and needs no settings."""
    return BuiltinAnnotator(collection.words(), _background(lessons))


def annotator_scores(lessons: Lessons, collection: Collection, ids: Sequence[str]) -> dict[str, float]:
    """Picture id → the machine's rating: of its newest annotation of this definition, or from the built-in
    annotator, which costs nothing, where no other has annotated."""
    kept = {
        said.picture_id: said for said in lessons.ratings if said.definition_number == lessons.revision.number
    }
    wanted = {i: float(kept[i].rating) for i in ids if i in kept}
    if wanted:
        return wanted
    annotator = builtin_annotator(lessons, collection)
    said = annotator.annotate(lessons.revision, picture_inputs(lessons, collection, ids))
    return {one.picture_id: float(one.rating) for one in said if isinstance(one, Annotation)}


def picture_inputs(lessons: Lessons, collection: Collection, ids: Sequence[str]) -> list[PictureInput]:
    ids = lessons.with_vectors(ids)
    paths = collection.paths(ids)
    return [
        PictureInput(i, partial(collection.thumbnail, i), vector, paths.get(i))
        for i, vector in zip(ids, lessons.vectors(ids), strict=True)
    ]


def choose_annotator(name: str, supplies: Supplies) -> Annotator:
    """The registered annotator of this name; for "auto" the vision-language model where one is set."""
    if name == AUTO:
        name = "builtin" if supplies.model() is None else "vlm"
    return ANNOTATORS[name].prepare(supplies)


def supplies_of(
    lessons: Lessons,
    collection: Collection,
    ledger: Ledger,
    settings: Settings,
    budget: Budget | None,
) -> Supplies:
    return Supplies(
        encoder=collection.words,
        background=lambda: _background(lessons),
        model=cache(lambda: seeing_model(settings, "annotating", ledger, budget)),
        concurrency=settings.model_concurrency,
        read_picture=_model_picture,
        picture_version="source-jpeg-768",
    )


def _background(lessons: Lessons) -> Vectors:
    """A fixed random part of the library, without the evaluation set."""
    ids = lessons.index.ids
    drawn = ids.at(np.sort(np.random.default_rng(0).permutation(len(ids))[:BACKGROUND]))
    return lessons.vectors([picture_id for picture_id in drawn if picture_id not in lessons.reserved])


def _model_picture(picture: PictureInput) -> bytes:
    """JPEG of at most 768 px from the original; a model sees details that a thumbnail has lost."""
    data = sources.read(picture.source) if picture.source else picture.thumbnail()
    return model_jpeg(decode(data, short_side=768).image)


def _pool(lessons: Lessons) -> list[str]:
    return lessons.with_vectors([i for i in lessons.candidates if i not in lessons.reserved])


def _ask(
    annotator: Annotator, lessons: Lessons, inputs: Sequence[PictureInput]
) -> tuple[list[Annotation | FailedAnnotation], str]:
    """Results, and why it must stop here. Where the budget ends inside a batch, what was answered of it
    is in the cache and is collected picture by picture without another call."""
    try:
        return annotator.annotate(lessons.revision, inputs), ""
    except BudgetError as error:
        reason = str(error)
    collected: list[Annotation | FailedAnnotation] = []
    for picture in inputs:
        try:
            collected += annotator.annotate(lessons.revision, [picture])
        except BudgetError:
            continue
    return collected, reason


def keep(
    annotations: Sequence[Annotation],
    annotator: Annotator,
    lessons: Lessons,
    store: ConceptStore,
    log: LabelLog,
) -> None:
    """Labels first: a picture counts as seen by its annotation, so a kill in between repeats only a label
    with a key that is known already."""
    number, fingerprint = lessons.revision.number, annotator.fingerprint
    author = Author(fingerprint, "annotator")
    log.append(
        lessons.concept_id,
        [
            NewLabel(_key(said.picture_id, number, fingerprint), said.picture_id, said.value, author, number)
            for said in annotations
        ],
    )
    store.add_annotations(
        lessons.concept_id,
        [
            StoredAnnotation(
                picture_id=said.picture_id,
                definition_number=number,
                fingerprint=fingerprint,
                rating=said.rating,
                evidence=[asdict(evidence) for evidence in said.evidence],
                rationale=said.rationale,
            )
            for said in annotations
        ],
    )


def _key(picture_id: str, number: int, fingerprint: str) -> str:
    """Idempotency key of a machine's label, short enough for the column."""
    return hashlib.sha256(f"{picture_id}/{number}/{fingerprint}".encode()).hexdigest()


def _result(
    annotator: Annotator,
    lessons: Lessons,
    store: ConceptStore,
    before: int,
    spent: tuple[int, float],
    failed: list[dict[str, str]],
    stopped: str,
) -> AnnotateResult:
    said = store.ratings(
        lessons.concept_id, fingerprint=annotator.fingerprint, definition_number=lessons.revision.number
    )
    calls, cost_usd = spent
    return AnnotateResult(
        annotator=annotator.name,
        annotated=len(said) - before,
        failed=failed,
        ratings={str(rating): count for rating, count in sorted(Counter(s.rating for s in said).items())},
        calls=calls,
        cost_usd=cost_usd if calls else None,
        stopped=stopped,
    )
