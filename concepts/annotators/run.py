"""Having a machine label the candidate pool: which annotator, which pictures, and keeping what it says."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cache, partial

import numpy as np

from concepts.annotators import ANNOTATORS, AUTO
from concepts.annotators.base import (
    Annotation,
    Annotator,
    CriterionEvidence,
    Example,
    FailedAnnotation,
    PictureInput,
    Supplies,
)
from concepts.annotators.builtin import BuiltinAnnotator
from concepts.annotators.examples import Answered, Examples, answered
from concepts.annotators.pictures import read_picture
from concepts.annotators.setups import Setup
from concepts.annotators.twins import Groups, copy_of
from concepts.encoders.base import Vectors
from concepts.errors import BudgetError
from concepts.jobs import Progress
from concepts.labels.lessons import Lessons
from concepts.language import Role, seeing_model
from concepts.language.ledger import Budget
from concepts.language.prompts import Prompts
from concepts.library.collection import Collection
from concepts.settings import Settings
from concepts.view import View
from storage.calls import Ledger
from storage.concepts import ConceptStore, StoredAnnotation
from storage.labels import Author, LabelLog, NewLabel

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
    setup: Setup,
    prompts: Prompts,
    also: Sequence[str] = (),
) -> AnnotateResult:
    """Annotates the pool, then pictures outside it that the machine is to be measured on, as far as this
    annotator has not seen them with this definition.

    Each batch is kept before the next is asked. A run that was killed goes on with the same `limit` and
    `budget` (USD): what its first part did counts, and examples are chosen from the same answers. Calls are
    charged to the job and to nobody else.
    """
    ledger = ledger.charged_to(progress.job_id, lessons.concept_id)
    spends = None if budget is None else Budget(budget, ledger.spent_usd(job_id=progress.job_id))
    supplies = supplies_of(lessons, collection, ledger, settings, spends, prompts, setup.role)
    chosen = annotator_of(
        setup, supplies, lessons, collection, lambda: progress.once("examples", answered(lessons, log))
    )
    seen, todo = todo_of(chosen, lessons, store, also)
    before = progress.once("annotated", len(seen))
    if limit is not None:
        todo = todo[: max(limit - (len(seen) - before), 0)]
    done = len(seen) - before
    total = done + len(todo)
    failed: list[dict[str, str]] = []
    stopped = ""
    progress.report(done, total, f"asking {chosen.name}")
    groups = Groups(todo, alike(chosen, lessons, collection, todo))
    copies = _copies(groups, alike(chosen, lessons, collection, seen), seen, chosen, lessons, store)
    keep(copies, chosen, lessons, store, log)
    done += len(copies)
    while groups and not stopped:
        inputs = picture_inputs(lessons, collection, groups.next(chosen.batch_size))
        results, stopped = ask_within(chosen, lessons, inputs)
        kept: list[Annotation] = []
        for result in results:
            if isinstance(result, Annotation):
                kept += [result, *(copy_of(result, i) for i in groups.others(result.picture_id))]
            else:
                groups.failed(result.picture_id)
                failed.append({"id": result.picture_id, "reason": result.reason})
        keep(kept, chosen, lessons, store, log)
        done += len(kept) + len(results) - sum(isinstance(result, Annotation) for result in results)
        progress.report(done, total, f"{len(failed)} could not be judged" if failed else "")
    spent = (ledger.count(job_id=progress.job_id), ledger.spent_usd(job_id=progress.job_id))
    return _result(chosen, lessons, store, before, spent, failed, stopped)


def todo_of(
    annotator: Annotator, lessons: Lessons, store: ConceptStore, also: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The pictures that this annotator has seen with this definition, and those of the pool and of `also`
    that it has yet to see."""
    known = store.ratings(
        lessons.concept_id, fingerprint=annotator.fingerprint, definition_number=lessons.revision.number
    )
    seen = dict.fromkeys(said.picture_id for said in known)
    return list(seen), [i for i in [*_pool(lessons), *lessons.with_vectors(also)] if i not in seen]


def alike(annotator: Annotator, lessons: Lessons, collection: Collection, ids: Sequence[str]) -> list[str]:
    """The group of each picture within which one annotation holds for all: near-duplicates, where looking
    costs a call, else itself alone."""
    if not annotator.asks(lessons.revision.definition, examples=False):
        return list(ids)
    return collection.library.near_groups(ids)


def _copies(
    groups: Groups,
    groups_seen: Sequence[str],
    seen: Sequence[str],
    annotator: Annotator,
    lessons: Lessons,
    store: ConceptStore,
) -> list[Annotation]:
    """What this annotator said before, for pictures that look the same as one it has seen."""
    copies = groups.copies(dict(zip(groups_seen, seen, strict=True)))
    number, found = lessons.revision.number, []
    for picture_id, twin in copies.items():
        said = next(
            one
            for one in store.annotations(lessons.concept_id, [twin])
            if (one.fingerprint, one.definition_number) == (annotator.fingerprint, number)
        )
        evidence = tuple(CriterionEvidence(**one) for one in said.evidence)
        known = Annotation(
            said.same_as or twin, said.rating, evidence, said.rationale, said.raw, said.verbalised
        )
        found.append(copy_of(known, picture_id))
    return found


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
        PictureInput(i, partial(collection.thumbnail, i), vector, paths.get(i), group)
        for i, vector, group in zip(
            ids, lessons.vectors(ids), collection.library.near_groups(ids), strict=True
        )
    ]


def example_pool(said: Answered, lessons: Lessons, collection: Collection) -> Examples:
    answers = {i: (bool(counts), str(comment)) for i, counts, comment in said}
    inputs = picture_inputs(lessons, collection, list(answers))
    return Examples([Example(picture, *answers[picture.picture_id]) for picture in inputs])


def annotator_of(
    setup: Setup,
    supplies: Supplies,
    lessons: Lessons,
    collection: Collection,
    said: Callable[[], Answered],
) -> Annotator:
    """As a setup wants it. `said` gives the answers that examples are chosen from, where it wants some."""
    if setup.examples:
        supplies = replace(supplies, examples=example_pool(said(), lessons, collection))
    return choose_annotator(setup.annotator, replace(supplies, repeats=setup.repeats))


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
    prompts: Prompts,
    role: Role = "annotating",
) -> Supplies:
    return Supplies(
        encoder=collection.words,
        background=lambda: _background(lessons),
        model=cache(lambda: seeing_model(settings, role, ledger, budget)),
        concurrency=settings.model_concurrency,
        read_picture=read_picture,
        prompts=prompts,
    )


def _background(lessons: Lessons) -> Vectors:
    """A fixed random part of the library, without the evaluation set."""
    ids = lessons.index.ids
    drawn = ids.at(np.sort(np.random.default_rng(0).permutation(len(ids))[:BACKGROUND]))
    return lessons.vectors([picture_id for picture_id in drawn if picture_id not in lessons.reserved])


def _pool(lessons: Lessons) -> list[str]:
    return lessons.with_vectors([i for i in lessons.candidates if i not in lessons.reserved])


def ask_within(
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
                raw=said.raw,
                verbalised=said.verbalised,
                same_as=said.same_as,
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
