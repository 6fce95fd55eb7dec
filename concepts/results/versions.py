"""Versions of a concept's head: another threshold, an older one again, two beside each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from concepts.errors import DiscernError
from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.framed_parts import PartOfPicture
from concepts.learning import evaluation
from concepts.learning.fitting import SEED
from concepts.learning.report import CERTIFIED, EvaluationReport, Guarantee, Metric
from concepts.learning.scale import NONE_IN_WORDS
from concepts.learning.scaled import classes, cuts_of, grades
from concepts.learning.target import Target
from concepts.library.collection import Collection
from concepts.results.measured_sample import sample
from concepts.results.measuring import views_of
from concepts.results.quality import HeadView, head_view
from concepts.results.training import BY_HAND, LEARNED_FROM, OF_COPY, check_fingerprint, linear_head
from concepts.view import View
from storage.heads import HeadFacts, HeadStore, StoredHead
from storage.tables import now

LINE_OF = {"yes": "right", "no": "below don't count"}
COMPARED = ("average_precision", "precision", "recall", "f1")


class ComparedFigure(View):
    name: str
    one: Metric
    other: Metric
    difference: Metric


class VersionComparison(View):
    """Two versions on the same n evaluation pictures; they disagree on `differently` of them."""

    one: int
    other: int
    n: int
    figures: list[ComparedFigure]
    differently: int


class ScoredPicture(View):
    id: str
    path: str
    width: int = 0  # upright pixels of the original; 0 of one that is gone
    height: int = 0
    probability: float
    said: str  # yes, no, unsure, skip, conflict, a grade or a class; empty where no person looked at it
    grade: float | None = None  # that is to be expected, of a graded concept
    unfamiliar: bool = False  # unlabelled and like no label, so its probability says nothing
    likeliest: str = ""  # of exclusive classes, or none of these
    part: PartOfPicture | None = None  # that was scored, of a concept that looks at parts


class ScoredPage(View):
    """One page of the library as a version ranks it. `unfamiliar`: how many unlabelled pictures look like
    nothing that was labelled, without hidden test pictures; None where the version can't tell.
    `by_look_alikes`: answers to pictures that look alike had a part in this order; probabilities and what is
    flagged are the version's own."""

    version: int
    threshold: float
    total: int
    listed: int  # without the test pictures that have no label
    flagged: int
    unfamiliar: int | None
    start: int
    by_look_alikes: bool
    pictures: list[ScoredPicture]


def with_threshold(head: StoredHead, threshold: float, author: str) -> StoredHead:
    """The same head with a threshold that a person chose, to be kept under the next number.

    The person saw the evaluation figures while choosing (rule 4), so the details say so and everything
    that reports figures repeats it. Raises `DiscernError` for a threshold outside 0..1.
    """
    if not 0 < threshold < 1:
        raise DiscernError(f"A threshold lies between 0 and 1; {threshold:g} doesn't.")
    chosen = {"target": BY_HAND, "within_reach": None, "threshold_by": author}
    return _next(head, chosen, threshold)


def with_guarantee(head: StoredHead, threshold: float, guarantee: Guarantee, author: str) -> StoredHead:
    """The same head with a certified threshold, to be kept under the next number."""
    chosen = {
        "target": str(Target("precision", guarantee.at_least)),
        "within_reach": None,
        "threshold_by": author,
        CERTIFIED["yes"]: guarantee.model_dump(mode="json"),
    }
    return _next(head, chosen, threshold)


def with_sure_no(head: StoredHead, guarantee: Guarantee) -> StoredHead:
    """The same head, which says yes to the same pictures, with a certified line below which pictures don't
    count; to be kept under the next number."""
    return _next(head, {CERTIFIED["no"]: guarantee.model_dump(mode="json")})


def _next(head: StoredHead, chosen: dict[str, Any], threshold: float | None = None) -> StoredHead:
    """The same head with a new line: without what is known of how an older threshold came about. What is
    surely no stays that where none of it is a yes."""
    outdated = [*OF_COPY]
    if threshold is not None:
        outdated += ["held_out", "expected", "threshold_labels", CERTIFIED["yes"]]
        no = Guarantee.of(head.details, "no")
        if no and no.line is not None and no.line >= threshold:
            outdated.append(CERTIFIED["no"])
    kept = {key: value for key, value in head.details.items() if key not in outdated}
    return replace(
        head,
        number=0,
        threshold=head.threshold if threshold is None else threshold,
        details=kept | {"made_from": head.number} | chosen,
        created=now(),
    )


def again(head: StoredHead, author: str) -> StoredHead:
    """An older version, unchanged, to be kept under the next number and so to be the one in use."""
    details = head.details | {"copy_of": head.number, "chosen_by": author}
    return replace(head, number=0, details=details, created=now())


def head_views(
    store: HeadStore, concept_id: int, limit: int | None = None, offset: int = 0
) -> list[HeadView]:
    """Versions with their newest figures, by number; all of them or a page."""
    heads = store.all(concept_id, limit, offset)
    found = store.evaluations(concept_id, [head.number for head in heads])
    reports = {number: EvaluationReport.model_validate(one.report) for number, one in found.items()}
    return [head_view(head, reports.get(head.number)) for head in heads]


def origin(details: dict[str, Any]) -> str:
    """Where a version that was not trained comes from, in words; empty for a trained one."""
    if "copy_of" in details:
        return f"version {details['copy_of']} again"
    if "made_from" not in details:
        return ""
    parts = ["a threshold set by hand"] if details.get("target") == BY_HAND else []
    if guarantees := Guarantee.all(details):
        said = [f"at least {100 * g.at_least:.3g} of 100 {LINE_OF[g.side]}" for g in guarantees]
        parts.append(f"{'guarantees' if said[1:] else 'a guarantee'}: {', '.join(said)}")
    return f"version {details['made_from']} with {' and '.join(parts)}"


def compare(dataset: ConceptDataset, one: StoredHead, other: StoredHead) -> VersionComparison:
    """Figures of two versions on the same test pictures, and their paired differences (other - one)."""
    for head in (one, other):
        check_fingerprint(head, dataset.collection)
    drawn = sample(dataset)
    ids, truth, groups = drawn.ids, drawn.truth, drawn.group
    if not ids:
        return VersionComparison(one=one.number, other=other.number, n=0, figures=[], differently=0)
    vectors, weights = dataset.vectors(ids), drawn.weights
    reports, probability = [], []
    for head in (one, other):
        p = linear_head(head).probabilities(vectors)
        views = views_of(dataset, drawn, head, p)
        reports.append(evaluation.evaluate(p, truth, head.threshold, groups, SEED, weights, views))
        probability.append(p)
    before, after = probability
    thresholds = (other.threshold, one.threshold)
    figures = []
    for name in COMPARED:
        found = evaluation.compare(after, before, truth, groups, SEED, name, thresholds, weights)
        first, second = (report.metrics[name] for report in reports)
        figures.append(ComparedFigure(name=name, one=first, other=second, difference=found))
    return VersionComparison(
        one=one.number,
        other=other.number,
        n=len(ids),
        figures=figures,
        differently=int(((before >= one.threshold) != (after >= other.threshold)).sum()),
    )


def is_up_to_date(newest: HeadFacts, learns_from: str) -> bool:
    """Whether training now would only repeat the newest version. `learns_from`: as `learned_from` says it."""
    return not origin(newest.details) and newest.details.get(LEARNED_FROM) == learns_from


def on_scale(collection: Collection, head: StoredHead, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the version says of these few pictures beyond yes and no, by id."""
    linear = linear_head(head)
    if not ids or (linear.classes is None and cuts_of(head.details) is None):
        return {}
    vectors = collection.vectors_for(head.concept_id).vectors(ids)
    expected, chances = grades(linear, vectors), classes(linear, vectors)
    if expected is not None:
        return {i: {"grade": round(float(g), 2)} for i, g in zip(ids, expected, strict=True)}
    assert chances is not None
    names = (NONE_IN_WORDS, *head.details["classes"]["names"])
    return {i: {"likeliest": names[k]} for i, k in zip(ids, chances.argmax(axis=1), strict=True)}


def file_stem(name: str, number: int) -> str:
    """`messy-room-v3`: the name of a version's files."""
    return f"{concept_stem(name)}-v{number}"


def concept_stem(name: str) -> str:
    """`messy-room`: what the names of a concept's files begin with."""
    return re.sub(r"[^\w]+", "-", name.casefold()).strip("-_")[:60] or "concept"
