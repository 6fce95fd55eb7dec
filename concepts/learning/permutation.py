"""Whether a head has learned anything: what learning from shuffled answers reaches, many times over.

A permutation test (Fisher 1935; Ojala & Garriga 2010): were the answers unrelated to the pictures, those
given would be one shuffle among many, so the share of shuffles that do as well bounds the chance of such a
result (Phipson & Smyth 2010: (b + 1) / (m + 1), never zero).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Bools, Floats, TrainingSet, one_blas_thread
from concepts.learning.heads import HEADS
from concepts.learning.report import SHUFFLED, Baseline, Metric

SHUFFLES = 99
MOST = 400  # answers learned from: of 100,000 machine labels a hundred fits would take hours


@dataclass(frozen=True)
class Shuffled:
    """Average precision on the evaluation set, after learning from the answers and from shuffles of them."""

    answers: float
    shuffles: Floats  # (m,)

    @property
    def mean(self) -> float:
        return float(self.shuffles.mean())

    @property
    def p_value(self) -> float:
        """The chance of a result as good as this if the answers had nothing to do with the pictures, at
        most."""
        return float(((self.shuffles >= self.answers).sum() + 1) / (len(self.shuffles) + 1))


def shuffle_test(
    data: TrainingSet,
    vectors: Vectors,
    truth: Bools,
    way: str,
    seed: int,
    shuffles: int = SHUFFLES,
) -> Shuffled | None:
    """The test for the head called `way`, scored on evaluation pictures: vectors (m, d), truth (m,).

    What it learns from is one picture a near-duplicate group, so that shuffling never parts copies; people's
    answers are shuffled among people's and a machine's among a machine's, each keeping its weight. Every fit
    is the head's alone, without words, calibration and threshold, which change no ranking. Where a fit
    chooses something (the C of logistic regression), all use what one shuffle, left out of the count, chose:
    the answers as given then have no advantage, and the test is exact.

    None where one kind of answer is missing on either side, or there are too few for this head.
    """
    from sklearn.metrics import average_precision_score  # a second to load, and most commands don't measure

    rng = np.random.default_rng(seed)
    data = _one_a_group(data, rng)
    if not 0 < data.positives < len(data.positive) or not truth.any() or truth.all():
        return None
    # BLAS's own threads wait for each other in a busy loop: with them a hundred small fits take ten times as
    # long.
    with one_blas_thread():
        data, measured = _in_row_space(data, np.asarray(vectors, dtype=np.float64))
        try:
            head = HEADS[way]()
            head = head.settled(head.fit(_shuffle(data, rng), None, seed))
        except NotEnoughLabelsError:
            return None

        def reached(answers: TrainingSet) -> float:
            scores = head.fit(answers, None, seed).logits(measured)
            return float(average_precision_score(truth, scores))

        return Shuffled(reached(data), np.array([reached(_shuffle(data, rng)) for _ in range(shuffles)]))


def shuffle_baseline(
    data: TrainingSet, vectors: Vectors, truth: Bools, way: str, seed: int
) -> tuple[Baseline, ...]:
    """The test as one of the simpler ways: the mean of the shuffles and the range of 95 % of them. Empty
    where there is none."""
    found = shuffle_test(data, vectors, truth, way, seed)
    if found is None:
        return ()
    low, high = (float(bound) for bound in np.percentile(found.shuffles, [2.5, 97.5]))
    note = f"the version's result by chance: p = {found.p_value:.2f}"
    metric = Metric(name="average_precision", value=found.mean, low=low, high=high, n=len(truth), note=note)
    return (Baseline(name=SHUFFLED, metrics=(metric,), p_value=found.p_value),)


def _one_a_group(data: TrainingSet, rng: np.random.Generator) -> TrainingSet:
    """At most `MOST` labels that count, people's first, each the first of its group."""
    data = data.at(np.flatnonzero(data.weight > 0))
    order = np.lexsort((rng.random(len(data.weight)), -data.weight))
    _, first = np.unique(data.group[order], return_index=True)
    return data.at(order[np.sort(first)[:MOST]])


def _in_row_space(data: TrainingSet, vectors: Floats) -> tuple[TrainingSet, Floats]:
    """Both in coordinates of the span of what is learned from, which no head's weights leave: with few
    answers in 1,664 dimensions a hundred fits then take a second."""
    X = np.asarray(data.vectors, dtype=np.float64)
    if len(X) >= X.shape[1]:
        return data, vectors
    u, s, basis = np.linalg.svd(X, full_matrices=False)
    return replace(data, vectors=(u * s)), vectors @ basis.T


def _shuffle(data: TrainingSet, rng: np.random.Generator) -> TrainingSet:
    positive = data.positive.copy()
    for kind in (data.weight >= 1, data.weight < 1):
        rows = np.flatnonzero(kind)
        positive[rows] = data.positive[rng.permutation(rows)]
    return replace(data, positive=positive)
