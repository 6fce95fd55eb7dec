"""From material to a kept head, and from a head to honest figures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from concepts.annotators.base import Annotation
from concepts.encoders.base import Vectors
from concepts.errors import FingerprintMismatchError, NotEnoughLabelsError, UnknownVersionError
from concepts.labels.dataset import Material, Training
from concepts.learning import evaluation
from concepts.learning.base import Bools, Floats, LinearHead
from concepts.learning.heads import train_head
from concepts.learning.splits import Rows
from concepts.learning.thresholds import Target
from concepts.library.collection import Collection
from concepts.view import View
from storage.heads import HeadFacts, HeadStore, StoredHead
from storage.tables import ConceptRow, now

SEED = 0  # training the same labels again gives the same head
BY_HAND = "a threshold set by hand"  # instead of a target


class TrainResult(View):
    number: int
    kind: str
    threshold: float
    details: dict[str, Any]
    notes: list[str]


def train(
    material: Material, heads: HeadStore, collection: Collection, label_sequence: int, target: str
) -> TrainResult:
    """Fits, calibrates and keeps the next version. With no labels at all it is the text direction."""
    training = material.training
    head = train_head(training.data, material.text_direction, SEED, parse_target(target))
    details = head.details | {"labels": label_counts(training)}
    if training.agreement:
        details["machine"] = vars(training.agreement)
    stored = heads.add(
        material.concept_id,
        StoredHead(
            number=0,
            kind=head.kind,
            fingerprint=collection.recorded().fingerprint,
            definition_number=material.revision.number,
            label_sequence=label_sequence,
            weights=np.ascontiguousarray(head.weights, dtype="<f8").tobytes(),
            bias=head.bias,
            threshold=head.threshold,
            details=details,
            created=now(),
        ),
    )
    return TrainResult(
        number=stored.number,
        kind=head.kind,
        threshold=head.threshold,
        details=details,
        notes=_notes(training, head),
    )


def evaluate(material: Material, collection: Collection, head: StoredHead) -> dict[str, Any]:
    """Figures of a head on the labelled evaluation set, beside three simpler ways.

    JSON-able: metrics and baselines (average precision) with n and interval, curves, sentences for people.
    Raises `NotEnoughLabelsError` where nothing of the evaluation set is labelled yet.
    """
    check_fingerprint(head, collection)
    ids, truth = material.evaluation_labels()
    if not ids:
        raise NotEnoughLabelsError(
            "No picture of the evaluation set has an answer yet. Label some of them first: "
            "concept next --evaluation, then concept labels import."
        )
    vectors, groups = material.vectors(ids), material.groups(ids)
    linear = linear_head(head)
    probability = linear.probabilities(vectors)
    report = evaluation.evaluate(probability, truth, head.threshold, groups, SEED)
    baselines = [
        {"name": name, "metrics": [_average_precision(scores, truth[rows], groups[rows])]}
        for name, scores, rows in _baselines(material, collection, ids, vectors)
    ]
    simulated = [material.decisions[i].simulated for i in ids]
    return {
        "head": head.number,
        "threshold": head.threshold,
        "drawn": "random" if all(material.evaluation[i] == "random" for i in ids) else "imported",
        "labels": _count_by_kind(["simulated" if s else "person" for s in simulated], truth),
        "metrics": [{"name": name} | vars(metric) for name, metric in report.metrics.items()],
        "baselines": baselines,
        "confusion": report.confusion,
        "curves": curves_as_json(report.curves) if report.curves else None,
        "sentences": _sentences(report, material, ids, any(simulated)),
        "notes": _evaluation_notes(material, ids, any(simulated), head),
    }


def _baselines(
    material: Material, collection: Collection, ids: Sequence[str], vectors: Vectors
) -> Iterator[tuple[str, Floats, Rows]]:
    """(name, scores, rows of the evaluation set they are for) of plain text search, the annotator alone,
    a head without the annotator's labels, and one that learned from shuffled answers."""
    everything = np.arange(len(ids))
    yield "searching for the words", np.asarray(vectors @ material.plain_direction, np.float64), everything
    ratings = annotator_scores(material, collection, ids)
    rows = np.array([row for row, i in enumerate(ids) if i in ratings], dtype=np.int64)
    if len(rows):
        yield "the machine alone", np.array([ratings[ids[row]] for row in rows]), rows
    data = material.training.data
    alone = replace(data, weight=np.where(np.array(material.training.kinds) == "annotator", 0.0, data.weight))
    if (data.weight > alone.weight).any() and (alone.weight > 0).any():
        by_people = train_head(alone, material.text_direction, SEED)
        yield "the answers of people alone", by_people.logits(vectors), everything
    if data.positive[data.weight > 0].any() and not data.positive[data.weight > 0].all():
        shuffled = replace(data, positive=np.random.default_rng(SEED).permutation(data.positive))
        yield "answers shuffled", train_head(shuffled, None, SEED).logits(vectors), everything


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
    from concepts.annotators.run import builtin_annotator, picture_inputs

    annotator = builtin_annotator(material, collection)
    said = annotator.annotate(material.revision, picture_inputs(material, collection, ids))
    return {one.picture_id: float(one.rating) for one in said if isinstance(one, Annotation)}


def _average_precision(scores: Floats, truth: Bools, groups: Rows) -> dict[str, Any]:
    """Only the order of scores counts here, so they need not be probabilities."""
    report = evaluation.evaluate(scores, truth, 0.5, groups, SEED)
    return {"name": "average_precision"} | vars(report.metrics["average_precision"])


def curves_as_json(curves: evaluation.Curves) -> dict[str, Any]:
    """In the shape of `curves.json`, with Wilson intervals on the reliability bins."""
    bins = []
    for point in curves.reliability:
        low, high = evaluation.wilson(point["share"], int(point["count"]))
        bins.append(
            {
                "predicted": point["probability"],
                "observed": point["share"],
                "low": low,
                "high": high,
                "n": int(point["count"]),
            }
        )
    return {
        "precision": curves.precision,
        "recall": curves.recall,
        "reliability": bins,
        "histogram_edges": curves.histogram_edges,
        "histogram_yes": curves.histogram_yes,
        "histogram_no": curves.histogram_no,
    }


def _sentences(
    report: evaluation.Report, material: Material, ids: Sequence[str], simulated: bool
) -> list[str]:
    """The figures in words first, with their uncertainty in the same breath."""
    who = "a simulated person" if simulated else "you"
    lines = [
        f"Measured on {report.n} pictures it never learned from, answered by {who}: "
        f"{report.positives} count, {report.negatives} don't."
    ]
    for name, words in (
        ("precision", "Of 100 pictures it flags, about {} are right ({} to {})."),
        ("recall", "Of 100 pictures that count, it finds about {} ({} to {})."),
    ):
        metric = report.metrics[name]
        if metric.value is None or metric.low is None or metric.high is None:
            lines.append(f"{name.capitalize()}: {metric.note}")
        else:
            lines.append(words.format(*(round(100 * x) for x in (metric.value, metric.low, metric.high))))
    return lines


def _evaluation_notes(material: Material, ids: Sequence[str], simulated: bool, head: StoredHead) -> list[str]:
    notes = []
    if head.details.get("target") == BY_HAND:
        notes.append(
            "The threshold was set by hand by someone who saw such figures, so precision and recall are "
            "slightly optimistic."
        )
    if simulated:
        notes.append("Answers on the evaluation set are a simulated person's, not a real one's.")
    if any(material.evaluation[i] == "imported" for i in ids):
        notes.append("The evaluation set was imported, not drawn at random from the library.")
    return notes


def parse_target(text: str) -> Target:
    """`f1`, `precision=0.9` and `recall=0.9`, or the longer wordings of `Target.parse`."""
    if text == "f1":
        return Target()
    short = re.fullmatch(r"(precision|recall)=(\S+)", text)
    return Target.parse(f"{short[1]} at least {short[2]}" if short else text)


def linear_head(stored: StoredHead) -> LinearHead:
    weights = np.frombuffer(stored.weights, dtype="<f8")
    return LinearHead(stored.kind, weights, stored.bias, stored.threshold, stored.details)


def head_of(heads: HeadStore, concept: ConceptRow, version: int | None) -> StoredHead:
    """The newest version, or the one asked for. Raises `UnknownVersionError` where there is none."""
    head = heads.get(concept.id, version)
    if head is None:
        name, newest = concept.name, heads.get(concept.id)
        if newest is None:
            raise UnknownVersionError(f"“{name}” has no trained version yet: concept train “{name}”.")
        raise UnknownVersionError(f"“{name}” has no version {version}; it has 1 to {newest.number}.")
    return head


def check_fingerprint(head: HeadFacts, collection: Collection) -> None:
    """Raises `FingerprintMismatchError` where the library was re-embedded since the head was trained."""
    expected = collection.recorded().fingerprint
    if head.fingerprint != expected:
        raise FingerprintMismatchError(f"Version {head.number}", expected, head.fingerprint)


def label_counts(training: Training) -> list[dict[str, Any]]:
    """How many yes and no of each kind of author a head learned from; labels of weight 0 don't count."""
    used = [
        (kind, bool(yes))
        for kind, yes, weight in zip(
            training.kinds, training.data.positive, training.data.weight, strict=True
        )
        if weight > 0
    ]
    return _count_by_kind([kind for kind, _ in used], [yes for _, yes in used])


def _count_by_kind(kinds: Sequence[str], yes: Iterable[bool]) -> list[dict[str, Any]]:
    counts = Counter(zip(kinds, map(bool, yes), strict=True))
    return [
        {"author_kind": kind, "yes": counts[kind, True], "no": counts[kind, False]}
        for kind in ("person", "simulated", "annotator")
        if counts[kind, True] or counts[kind, False]
    ]


def _notes(training: Training, head: LinearHead) -> list[str]:
    notes = [
        f"{c['yes']} yes and {c['no']} no from {_AUTHORS[c['author_kind']]}" for c in label_counts(training)
    ]
    if training.agreement:
        notes.append(training.agreement.sentence)
    if head.kind == "text":
        notes.append("Without a yes and a no to learn from, this version is a search for the words.")
    return notes


_AUTHORS = {"person": "you", "simulated": "a simulated person", "annotator": "the machine"}
