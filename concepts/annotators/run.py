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
from concepts.labels.dataset import Material
from concepts.language import chat_model
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
    material: Material,
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
) -> AnnotateResult:
    """Annotates pool and labelled evaluation pictures that this annotator has not seen with this definition.

    Each batch is kept before the next is asked. A run that was killed goes on with the same `limit` and
    `budget` (USD): what its first part did counts. Calls are charged to the job and to nobody else.
    """
    ledger = ledger.charged_to(progress.job_id, material.concept_id)
    spends = None if budget is None else Budget(budget, ledger.spent_usd(job_id=progress.job_id))
    chosen = choose_annotator(annotator, _supplies(material, collection, ledger, settings, spends))
    known = store.ratings(
        material.concept_id, fingerprint=chosen.fingerprint, definition_number=material.revision.number
    )
    seen = {said.picture_id for said in known}
    before = progress.once("annotated", len(seen))
    todo = [i for i in _worklist(material) if i not in seen]
    if limit is not None:
        todo = todo[: max(limit - (len(seen) - before), 0)]
    total = len(seen) - before + len(todo)
    failed: list[dict[str, str]] = []
    stopped = ""
    done = len(seen) - before
    progress.report(done, total, f"asking {chosen.name}")
    for start in range(0, len(todo), chosen.batch_size):
        inputs = picture_inputs(material, collection, todo[start : start + chosen.batch_size])
        results, stopped = _ask(chosen, material, inputs)
        kept = [result for result in results if isinstance(result, Annotation)]
        _keep(kept, chosen, material, store, log)
        failed += [
            {"id": r.picture_id, "reason": r.reason} for r in results if isinstance(r, FailedAnnotation)
        ]
        done += len(results)
        progress.report(done, total, f"{len(failed)} could not be judged" if failed else "")
        if stopped:
            break
    spent = (ledger.count(job_id=progress.job_id), ledger.spent_usd(job_id=progress.job_id))
    return _result(chosen, material, store, before, spent, failed, stopped)


def builtin_annotator(material: Material, collection: Collection) -> BuiltinAnnotator:
    """Costs nothing and needs no settings."""
    return BuiltinAnnotator(collection.words(), _background(material))


def annotator_scores(material: Material, collection: Collection, ids: Sequence[str]) -> dict[str, float]:
    """Picture id → the machine's rating: of its newest annotation of this definition, or from the built-in
    annotator, which costs nothing, where no other has annotated."""
    kept = {
        said.picture_id: said
        for said in material.ratings
        if said.definition_number == material.revision.number
    }
    wanted = {i: float(kept[i].rating) for i in ids if i in kept}
    if wanted:
        return wanted
    annotator = builtin_annotator(material, collection)
    said = annotator.annotate(material.revision, picture_inputs(material, collection, ids))
    return {one.picture_id: float(one.rating) for one in said if isinstance(one, Annotation)}


def picture_inputs(material: Material, collection: Collection, ids: Sequence[str]) -> list[PictureInput]:
    ids = material.with_vectors(ids)
    paths = collection.paths(ids)
    return [
        PictureInput(i, partial(collection.thumbnail, i), vector, paths.get(i))
        for i, vector in zip(ids, material.vectors(ids), strict=True)
    ]


def choose_annotator(name: str, supplies: Supplies) -> Annotator:
    """The registered annotator of this name; for "auto" the vision-language model where one is set."""
    if name == AUTO:
        name = "builtin" if supplies.model() is None else "vlm"
    return ANNOTATORS[name].prepare(supplies)


def _supplies(
    material: Material,
    collection: Collection,
    ledger: Ledger,
    settings: Settings,
    budget: Budget | None,
) -> Supplies:
    return Supplies(
        encoder=collection.words,
        background=lambda: _background(material),
        model=cache(lambda: chat_model(settings, "vlm", ledger, budget)),
        concurrency=settings.model_concurrency,
        read_picture=_model_picture,
        picture_version="source-jpeg-768",
    )


def _background(material: Material) -> Vectors:
    """A fixed random part of the library, without the evaluation set."""
    ids = material.index.ids
    drawn = ids.at(np.sort(np.random.default_rng(0).permutation(len(ids))[:BACKGROUND]))
    return material.vectors([picture_id for picture_id in drawn if picture_id not in material.reserved])


def _model_picture(picture: PictureInput) -> bytes:
    """JPEG of at most 768 px from the original; a model sees details that a thumbnail has lost."""
    data = sources.read(picture.source) if picture.source else picture.thumbnail()
    return model_jpeg(decode(data, short_side=768).image)


def _worklist(material: Material) -> list[str]:
    """The pool, then the evaluation pictures that people labelled, so that the machine can be measured
    alone on the same pictures."""
    ids, _ = material.evaluation_labels()
    return material.with_vectors([i for i in material.candidates if i not in material.reserved]) + ids


def _ask(
    annotator: Annotator, material: Material, inputs: Sequence[PictureInput]
) -> tuple[list[Annotation | FailedAnnotation], str]:
    """Results, and why it must stop here. Where the budget ends inside a batch, what was answered of it
    is in the cache and is collected picture by picture without another call."""
    try:
        return annotator.annotate(material.revision, inputs), ""
    except BudgetError as error:
        reason = str(error)
    collected: list[Annotation | FailedAnnotation] = []
    for picture in inputs:
        try:
            collected += annotator.annotate(material.revision, [picture])
        except BudgetError:
            continue
    return collected, reason


def _keep(
    annotations: Sequence[Annotation],
    annotator: Annotator,
    material: Material,
    store: ConceptStore,
    log: LabelLog,
) -> None:
    """Labels first: a picture counts as seen by its annotation, so a kill in between repeats only a label
    with a key that is known already."""
    number, fingerprint = material.revision.number, annotator.fingerprint
    author = Author(fingerprint, "annotator")
    log.append(
        material.concept_id,
        [
            NewLabel(_key(said.picture_id, number, fingerprint), said.picture_id, said.value, author, number)
            for said in annotations
        ],
    )
    store.add_annotations(
        material.concept_id,
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
    material: Material,
    store: ConceptStore,
    before: int,
    spent: tuple[int, float],
    failed: list[dict[str, str]],
    stopped: str,
) -> AnnotateResult:
    said = store.ratings(
        material.concept_id, fingerprint=annotator.fingerprint, definition_number=material.revision.number
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
