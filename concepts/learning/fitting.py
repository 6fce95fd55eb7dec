"""From labels to a head: fitted, calibrated on held-out scores, with the threshold that suits its target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Bools, Floats, LinearHead, TrainingSet, one_blas_thread, sigmoid
from concepts.learning.calibration import choose_threshold, expected, figures_at, logit, platt
from concepts.learning.heads import HEADS, SUITED, LineHead
from concepts.learning.nearness import others_in_logits
from concepts.learning.scaled import fit_classes, fit_graded, with_cuts
from concepts.learning.target import Target

SEED = 0  # training the same labels again gives the same head
AUTO = "auto"
WORDS_ALONE = "text"  # the head that needs no answer; what it says is no probability yet
PROBABLY = 1 / 3  # of being wrong, from which a label is worth more of a person's time than a new picture
POINTS = 12  # enough for each of them

Unlabelled = Callable[[LinearHead], Floats]  # a calibrated head → its logits of the library's other pictures


def train_head(
    data: TrainingSet,
    text_direction: Vectors | None,
    seed: int,
    target: Target | None = None,
    head: str = "auto",
    unlabelled: Unlabelled | None = None,
) -> LinearHead:
    """The head of this name for these labels, calibrated, with its threshold.

    Labels that weigh nothing are left out. Calibration and threshold use scores of heads that had not
    seen the picture or its near-duplicates; the threshold uses a person's labels only (weight 1) where
    there are any of both kinds. A precision or recall is set by what it is likely to be among the
    `unlabelled`, where there are some. Raises `NotEnoughLabelsError` where this head can't work with so few
    labels ("auto": with no label and no text direction), and `WrongUsageError`.
    """
    target = target or Target()
    with one_blas_thread():  # between its parts, too: each product on several keeps them all busy for a while
        data, way = data.at(np.flatnonzero(data.weight > 0)), HEADS[head]()
        if _is_scaled(data, head):
            return _train_scaled(data, text_direction, seed, target, unlabelled)
        details = _details(data, head, target)
        if not len(data.positive):
            raw = way.fit(data, text_direction, seed)
            return replace(raw, details=raw.details | details)
        found = way.fit_held_out(data, text_direction, seed)
        raw, scores = found.head, found.scores
        fit = platt(scores, data.positive, data.weight)
        calibrated = raw.calibrated(fit.a, fit.c)
        details |= raw.details | {"calibration": {"a": fit.a, "c": fit.c}, "folds": found.folds}
        threshold, facts = _threshold(fit.a * scores + fit.c, data, target, calibrated, unlabelled)
        return replace(calibrated, threshold=threshold, details=details | facts)


def _details(data: TrainingSet, head: str, target: Target) -> dict[str, Any]:
    return {
        "head": head,
        "positives": data.positives,
        "negatives": data.negatives,
        "full_weight": int((data.weight >= 1).sum()),
        "reduced_weight": int((data.weight < 1).sum()),
        "target": str(target),
        "within_reach": None,
        "calibration": None,
        "prototypes": None,
        "folds": 0,
    }


def _is_scaled(data: TrainingSet, head: str) -> bool:
    """Whether there are grades or classes to learn: only the app's own way does that, and not from one."""
    return data.said is not None and head == AUTO and data.said.distinct > 1


def _train_scaled(
    data: TrainingSet,
    text_direction: Vectors | None,
    seed: int,
    target: Target,
    unlabelled: Unlabelled | None,
) -> LinearHead:
    """Grades: the line of proportional odds, with its bias at the first grade that counts. Classes: the line
    of yes and no, which ranks the library, and beside it the weights of each class."""
    assert data.said is not None
    scale = data.said.scale
    if not scale.is_graded:
        plain = train_head(replace(data, said=None), text_direction, seed, target, unlabelled=unlabelled)
        classed = fit_classes(data, data.said, seed)
        details = {"classes": {"names": list(scale.words), "C": classed.C, "folds": classed.folds}}
        return replace(plain, details=plain.details | details, classes=classed.weights)
    found = fit_graded(data, data.said, seed)
    details = _details(data, AUTO, target) | {"C": found.C, "folds": found.folds}
    head = with_cuts(LinearHead("proportional odds", found.weights, 0.0, details=details), scale, found.cuts)
    threshold, facts = _threshold(found.scores + head.bias, data, target, head, unlabelled)
    return replace(head, threshold=threshold, details=head.details | facts)


def train_early(
    data: TrainingSet, text_direction: Vectors | None, seed: int, head: str = "auto"
) -> LinearHead:
    """As `train_head`, but the words lead while there are too few labels for the head of this name."""
    try:
        return train_head(data, text_direction, seed, head=head)
    except NotEnoughLabelsError:
        return train_head(data, text_direction, seed, head=WORDS_ALONE)


def held_out_probabilities(
    data: TrainingSet, text_direction: Vectors | None, seed: int, head: str = "auto"
) -> Floats:
    """(n,) what heads that had not seen a picture say of it, calibrated as `train_head` does; of the head
    itself where nothing can be held out."""
    weighs = data.weight > 0
    learned = data.at(weighs) if weighs.any() else data
    if learned.said is not None and learned.said.scale.is_graded and _is_scaled(learned, head):
        graded = fit_graded(learned, learned.said, seed)
        bias = graded.cuts[learned.said.scale.counts_from - 2]
        scores = np.asarray(data.vectors, np.float64) @ graded.weights
        scores[weighs if weighs.any() else slice(None)] = graded.scores
        return sigmoid(scores + bias)
    try:
        found = HEADS[head]().fit_held_out(learned, text_direction, seed)
    except NotEnoughLabelsError:
        found = HEADS[WORDS_ALONE]().fit_held_out(learned, text_direction, seed)
    scores = found.head.logits(data.vectors)  # what weighs nothing was seen by none
    scores[weighs if weighs.any() else slice(None)] = found.scores
    fit = platt(scores, data.positive, data.weight)
    return sigmoid(fit.a * scores + fit.c)


def _threshold(
    held_out: Floats, data: TrainingSet, target: Target, head: LinearHead, unlabelled: Unlabelled | None
) -> tuple[float, dict[str, Any]]:
    """The threshold of a calibrated head for its target, and how it came about. held_out (n,) are logits."""
    person: Bools = data.weight >= 1
    if not data.positive[person].any() or data.positive[person].all():
        person = np.ones(len(data.positive), dtype=bool)
    if not data.positive[person].any():
        return 0.5, {}
    probability, positive = sigmoid(held_out[person]), data.positive[person]
    chosen = choose_threshold(probability, positive, target)
    facts: dict[str, Any] = {
        "within_reach": chosen.met,  # by what it learned from; whether it is met, test labels say
        "threshold_labels": int(person.sum()),
        "held_out": {"precision": chosen.precision, "recall": chosen.recall, "f1": chosen.f1},
    }
    logits = None if unlabelled is None or target.kind == "f1" else unlabelled(head)
    if logits is None or not len(logits) or data.positive.all():
        return chosen.value, facts
    found = expected(held_out, data.positive, data.weight, np.asarray(logits, np.float64), target)
    balanced = choose_threshold(probability, positive, Target()).value
    reaches, met = found.threshold(target)
    # A precision only ever asks for fewer than the balanced threshold flags, a recall for more.
    threshold = max(reaches, balanced) if target.kind == "precision" else min(reaches, balanced)
    return threshold, facts | {
        "within_reach": met,
        "held_out": figures_at(probability, positive, threshold),
        "expected": found.at(threshold),
    }


def probably_wrong(labels: TrainingSet, wrong: float, seed: int) -> Floats:
    """(n,) the probability that each label is wrong, where that share of labels is. None is ever changed.

    By a head that had not seen the picture or its near-duplicates, and by the nearest labels but those: if
    they give the label the probability p, and a share e of labels is wrong, then this one has the odds
    (1 - p) e to p (1 - e). 0 where nothing can be held out.
    """
    if not (labels.positives and labels.negatives):
        return np.zeros(len(labels.positive))
    found = LineHead().fit_held_out(labels, None, seed)
    if not found.folds:
        return np.zeros(len(labels.positive))
    fit = platt(found.scores, labels.positive, labels.weight)
    says_yes = fit.a * (found.scores + others_in_logits(found.head, labels)) + fit.c
    return sigmoid(np.where(labels.positive, -says_yes, says_yes) + logit(wrong))


def warm_up() -> None:
    """Trains each head that `auto` may take on a handful of points, which imports all that training a real
    one does."""
    import scipy.cluster.hierarchy  # noqa: F401  for prototypes of many labels

    positive = np.arange(POINTS) % 2 == 0
    vectors = np.random.default_rng(SEED).normal(size=(POINTS, 4)).astype(np.float32)
    data = TrainingSet(vectors, positive, np.ones(POINTS), np.arange(POINTS))
    for head in (AUTO, *SUITED):
        train_head(data, vectors[0], SEED, head=head)
