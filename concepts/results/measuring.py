"""Figures of a version on the test set, beside simpler ways, with the sentences that say them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from concepts.bundle.scorer import sigmoid
from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.training_data import Training
from concepts.learning import evaluation
from concepts.learning.base import Bools, Floats, LinearHead, Pictures, Rows, Texts
from concepts.learning.evaluation import consistency
from concepts.learning.fitting import SEED, held_out_probabilities, train_early
from concepts.learning.report import (
    AT_THRESHOLD,
    Baseline,
    ClassFigures,
    Consistency,
    EvaluationReport,
    GradeFigures,
    Guarantee,
    LookedIn,
    Metric,
    about_earlier,
    about_the_target,
    about_unlabelled,
    at_threshold,
)
from concepts.learning.scaled import classes, grades
from concepts.learning.scaled_figures import class_figures, grade_figures
from concepts.learning.scorers import SCORERS
from concepts.learning.stratified import Estimate, StratifiedCounts, Stratum
from concepts.learning.waves import about_waiting, error_at, next_look
from concepts.results.measured_sample import MeasuredSample, sample
from concepts.results.slices import slices
from concepts.results.training import BY_HAND, check_fingerprint, count_by_kind, linear_head, way_of
from concepts.use_cases import Concept
from storage.heads import StoredEvaluation, StoredHead

NOT_FLAGGED = -1.0  # as a probability
AIMED = 0.05  # more of the test pictures than of the library that count, from which on it is explained
# The machine's ratings of pictures, by id: of those it has an opinion on.
RatingsOf = Callable[[Sequence[str]], Mapping[str, float]]


@dataclass(frozen=True)
class MeasuredVersion:
    """A kept report and the last label event it knew."""

    report: EvaluationReport
    label_sequence: int
    created: datetime


def measured(stored: StoredEvaluation | None) -> MeasuredVersion | None:
    """What was kept, typed again."""
    if stored is None:
        return None
    report = EvaluationReport.model_validate(stored.report)
    return MeasuredVersion(report, stored.label_sequence, stored.created)


def consistency_of(concept: Concept) -> str:
    """How often people label the same picture the same way twice, as last measured, in words: no annotator
    can be expected to agree with them more often. Empty where that isn't known."""
    newest = concept.app.heads.get(concept.id)
    found = measured(concept.app.heads.evaluation(concept.id, newest.number)) if newest else None
    twice = found.report.consistency if found else None
    return twice.sentences[0] if twice and twice.sentences else ""


def require_test_labels(dataset: ConceptDataset) -> None:
    """Raises `NotEnoughLabelsError` where there is nothing to measure with yet."""
    if not dataset.evaluation_labels()[0]:
        raise NotEnoughLabelsError(_none_yet(dataset), purpose="evaluation")


def evaluate(dataset: ConceptDataset, head: StoredHead, ratings_of: RatingsOf) -> EvaluationReport:
    """Figures of a head on the labelled test set, beside simpler ways (their average precision).

    Raises `NotEnoughLabelsError` where nothing of the test set is labelled yet.
    """
    check_fingerprint(head, dataset.collection)
    drawn = sample(dataset)
    ids, truth, groups = drawn.ids, drawn.truth, drawn.group
    if not ids:
        raise NotEnoughLabelsError(_none_yet(dataset), purpose="evaluation")
    vectors = dataset.vectors(ids)
    linear = linear_head(head)
    probability = linear.probabilities(vectors)
    taught = dataset.at(head.label_sequence).training
    views = views_of(dataset, drawn, head, probability)
    weights = drawn.weights
    by_hand = evaluation.MOST_CUTS if head.details.get("target") == BY_HAND else 1
    new, about_new = _among_unlabelled(dataset, drawn, head, probability, by_hand)
    figures = evaluation.evaluate(probability, truth, head.threshold, groups, SEED, weights, views, by_hand)
    baselines: tuple[Baseline, ...] = ()
    for name, scores, rows in _baselines(dataset, taught, ids, vectors, ratings_of(ids), way_of(head)):
        # Only the order of scores counts here, so they need not be probabilities.
        found = evaluation.evaluate(scores, truth[rows], 0.5, groups[rows], SEED, weights[rows])
        baselines += (Baseline(name=name, metrics=(found.metrics["average_precision"],)),)
    guarantee = Guarantee.of(head.details)
    if guarantee:
        note = (
            f"At least {guarantee.at_least:g} with {100 * guarantee.confidence:.3g} % confidence: certified."
        )
        figures.metrics["precision"] = figures.metrics["precision"].model_copy(update={"note": note})
    metrics = tuple(figures.metrics.values())
    parts = slices(dataset, ids, truth, probability >= head.threshold)
    simulated = [dataset.blind[i].simulated for i in ids]
    yes = drawn.counted.figure("yes") if drawn.draws else None
    base = drawn.counted.figure("base_rate") if drawn.draws else None
    if base:  # one count of what counts, on every screen
        figures.metrics["base_rate"] = base.metric("base_rate")
    twice, earlier = answered_twice(dataset), earlier_labels(dataset)
    what, looked_in = "the library", []
    if not dataset.frame.is_whole:
        what = dataset.frame.name
        looked_in = [f"These figures are of {pictures(len(dataset.index.ids))} in {what}."]
    on_scale = figures_on_scale(dataset, drawn, linear, vectors)
    notes = [waiting] if (waiting := what_waits(dataset, len(ids))) else []
    if head.details.get("target") == BY_HAND:
        notes.append(
            "The threshold was set by hand by someone who saw such figures: the ranges of precision and "
            "recall are so wide that they hold for each threshold there was to choose from."
        )
    if any(simulated):
        notes.append("Labels of test pictures are a simulated person's, not a real one's.")
    return EvaluationReport(
        head=head.number,
        threshold=head.threshold,
        labels=count_by_kind(["simulated" if s else "person" for s in simulated], truth),
        metrics=metrics,
        baselines=baselines,
        confusion=figures.confusion,
        curves=figures.curves,
        sentences=(
            *(certified.sentence for certified in Guarantee.all(head.details)),
            *(on_scale.sentences if on_scale else ()),
            *_sentences(figures, any(simulated), str(head.details.get("target", "")), yes, guarantee, what),
            *filter(None, [about_new]),
            *looked_in,
            *(twice.sentences if twice else ()),
            *([earlier] if earlier else ()),
        ),
        notes=tuple(notes),
        cuts=tuple(evaluation.cuts(probability, truth, groups, views)),
        covered=drawn.covered if drawn.draws else None,
        yes=yes.metric("yes") if yes else None,
        unlabelled=new,
        slices=parts.found,
        worst_slice=parts.worst,
        consistency=twice,
        earlier=len(dataset.measuring_labels.earlier),
        looks_in=tuple(LookedIn.model_validate(one) for one in dataset.frame.kept()),
        looked_at=len(dataset.index.ids),
        grades=on_scale if isinstance(on_scale, GradeFigures) else None,
        classes=on_scale if isinstance(on_scale, ClassFigures) else None,
    )


def answered_twice(dataset: ConceptDataset) -> Consistency | None:
    """How consistent the test labels are; None where nothing was asked twice."""
    twice = dataset.twice
    said = [(first.value, second.value) for first, second in twice.pairs]
    return consistency(said, twice.answers, len({first.author for first, _ in twice.pairs}))


def _baselines(
    dataset: ConceptDataset,
    taught: Training,
    ids: Sequence[str],
    vectors: Vectors,
    ratings: Mapping[str, float],
    way: str,
) -> Iterator[tuple[str, Floats, Rows]]:
    """(name, scores, rows of the test set they are for) of plain text search, the annotator alone,
    and a head trained in the same `way` without the annotator's labels."""
    everything = np.arange(len(ids))
    data = taught.data
    words = SCORERS["words"]().score(data, Texts.one(dataset.plain_direction), Pictures(vectors), SEED)
    yield "searching for the words", words, everything
    rows = np.array([row for row, i in enumerate(ids) if i in ratings], dtype=np.int64)
    if len(rows):
        yield "the machine alone", np.array([ratings[ids[row]] for row in rows]), rows
    alone = replace(data, weight=np.where(np.array(taught.kinds) == "annotator", 0.0, data.weight))
    if (data.weight > alone.weight).any() and (alone.weight > 0).any():
        by_people = train_early(alone, dataset.text_direction, SEED, way)
        yield "the answers of people alone", by_people.logits(vectors), everything


def _none_yet(dataset: ConceptDataset) -> str:
    """What is missing until there are figures."""
    answered = sum(i in dataset.blind for i in dataset.evaluation)
    if not answered:
        return "No test picture is labelled yet."
    return (
        f"There are figures after {next_look(0, dataset.pictures)} test labels; there are "
        f"{answered}. Figures after every label would be wrong more often than they say."
    )


def views_of(
    dataset: ConceptDataset, drawn: MeasuredSample, head: StoredHead, probability: Floats
) -> list[list[Stratum]]:
    """The strata, with what was learned from judged by the version itself; and where that makes a difference,
    by heads that had not seen it, as one from elsewhere would be. probability (n,) of the test pictures.

    Those heads learn what the version learned: an answer given since, perhaps because somebody saw that the
    version has it wrong, changes no figure of it.
    """
    if drawn.draws is None:
        return []
    seen = _of_groups(dataset, drawn, head)
    learned = dataset.at(head.label_sequence).training
    rows, by_people = _taught(drawn, learned)
    if not by_people.any():
        return [drawn.strata(probability, seen)]
    known = np.isin(np.arange(len(seen)), rows[by_people])
    unseen = seen.copy()
    held_out = held_out_probabilities(learned.data, dataset.text_direction, SEED, way_of(head))
    unseen[rows[by_people]] = held_out[by_people]
    return [drawn.strata(probability, seen, known), drawn.strata(probability, unseen)]


def _of_groups(dataset: ConceptDataset, drawn: MeasuredSample, head: StoredHead) -> Floats:
    """(m,) the probability of each group of near-duplicates."""
    scores = linear_head(head).scores(dataset.index)
    logits = scores.values[drawn.groups.rows_of(scores.ids)].astype(np.float64)
    return np.asarray(sigmoid(logits))


def _taught(drawn: MeasuredSample, learned: Training) -> tuple[Rows, Bools]:
    """(n,) the row of each picture's group, and (n,) whether people said of it what counts."""
    rows = drawn.rows_of(learned.ids)
    has_truth = np.isin(rows, list(drawn.known))
    return rows, (rows >= 0) & has_truth & np.isin(learned.kinds, ("person", "simulated"))


def _among_unlabelled(
    dataset: ConceptDataset, drawn: MeasuredSample, head: StoredHead, probability: Floats, thresholds: int
) -> tuple[Metric | None, str]:
    """The precision among what no person had labelled when the version was trained, and that in words; None
    for a set from outside.

    A test picture stands for those of its stratum that nobody had labelled when it was drawn. What people
    labelled since to teach is taken out of both: the version has seen it, and most of it is right. Test
    pictures stay in: nothing has learned from them. `thresholds`: among how many this one was chosen by
    figures.
    """
    if drawn.draws is None:
        return None, ""
    seen = _of_groups(dataset, drawn, head)
    rows, by_people = _taught(drawn, dataset.at(head.label_sequence).training)
    known = np.isin(np.arange(len(seen)), rows[by_people])
    seen[known] = NOT_FLAGGED
    error = error_at(len(drawn.ids)) / thresholds
    counts = StratifiedCounts([drawn.strata(probability, seen, known)], head.threshold, error)
    found, more = counts.figure("precision"), dataset.to_next_figures
    flagged = int((probability >= head.threshold).sum())
    note = f"{more:,} more test labels bring the next figures." if more else "Label some of them to see."
    right = Metric.unknown("precision", flagged, note)
    if found and flagged:
        right = found.metric("precision").model_copy(update={"note": note})
    return right, about_unlabelled(right, int((seen >= head.threshold).sum()))


def _sentences(
    figures: evaluation.Figures,
    simulated: bool,
    target: str,
    yes: Estimate | None,
    guarantee: Guarantee | None,
    what: str,
) -> list[str]:
    """The figures in words first, with their uncertainty in the same breath."""
    who = "a simulated person" if simulated else "you"
    lines = [
        f"Measured on {figures.n} test pictures, labelled by {who}: "
        f"{figures.positives} count, {figures.negatives} don't."
    ]
    base = figures.metrics["base_rate"].value or 0.0
    if yes and figures.positives / figures.n > base + AIMED:
        lines.append("Likely pictures are tested more often; the figures allow for that.")
    if yes:
        lines.append(
            f"About {yes.value:,.0f} pictures of {what} count ({yes.low:,.0f} to {yes.high:,.0f}), "
            "near-duplicates counted once."
        )
    for name in AT_THRESHOLD:
        metric = figures.metrics[name]
        known = metric.value is not None
        lines.append(at_threshold(metric, base) if known else f"{name.capitalize()}: {metric.note}")
    return lines if guarantee else [*lines, *about_the_target(target, figures.metrics.values())]


def pictures(n: int) -> str:
    """How many, in words."""
    return "1 picture" if n == 1 else f"{n:,} pictures"


def what_waits(dataset: ConceptDataset, n: int) -> str:
    """Why figures on n pictures with a yes or no rest on fewer answers than there are; else empty."""
    counted, answered = len(dataset.measuring), dataset.answered_blindly
    return about_waiting(counted, answered, dataset.pictures, max(counted - n, 0))


def earlier_labels(dataset: ConceptDataset) -> str:
    """How many of the test labels are of an earlier description, in words; empty for none."""
    labels = dataset.measuring_labels
    return about_earlier(len(labels.earlier), len(labels.stands))


def figures_on_scale(
    dataset: ConceptDataset, drawn: MeasuredSample, head: LinearHead, vectors: Vectors
) -> GradeFigures | ClassFigures | None:
    """vectors (n, d) of the pictures `drawn`. Only blind answers that name a grade or class are taken; each
    stands for as many pictures as the draws say. None for yes and no, or a version that says no more."""
    scale = dataset.scale
    if scale is None:
        return None
    said = [scale.option_of(dataset.blind[i].given) for i in drawn.ids]
    rows = np.array([row for row, option in enumerate(said) if option is not None], dtype=np.int64)
    options = np.array([option for option in said if option is not None], dtype=np.int64)
    drawn_as = drawn.group[rows], drawn.weights[rows], SEED, len(said) - len(rows)
    if scale.is_graded:
        expected = grades(head, vectors[rows])
        return None if expected is None else grade_figures(expected, options + 1, scale.options, *drawn_as)
    found = classes(head, vectors[rows])
    if found is None:
        return None
    return class_figures(found.argmax(axis=1), options, scale.words_of_options(), *drawn_as)
