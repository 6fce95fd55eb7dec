"""A simulated labelling session: how good is the head after so many answers?

The person is a hidden labelling function, so a study measures the product's choices, not a person's
patience, doubts or changes of mind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import Acquisition, Bools, Floats, LinearHead, Pool, TrainingSet
from concepts.learning.heads import train_head
from concepts.learning.splits import Rows


@dataclass(frozen=True)
class Session:
    """What a simulated session starts from. Arrays over all pictures; `pool` and `test` are disjoint rows."""

    vectors: Vectors
    truth: Bools
    group: Rows
    pool: Rows
    test: Rows
    text_direction: Vectors


@dataclass(frozen=True)
class Point:
    """After `labels` answers, `positives` of them yes: average precision on the test pictures."""

    labels: int
    positives: int
    average_precision: float


def run(
    session: Session, acquisition: Acquisition, budgets: Sequence[int], seed: int, batch: int = 5
) -> list[Point]:
    """Ask `batch` pictures at a time until the largest budget, training before each round."""
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(seed)
    vectors, truth = session.vectors[session.pool], session.truth[session.pool]
    group, text_score = session.group[session.pool], np.asarray(vectors @ session.text_direction, np.float64)
    asked = np.zeros(len(vectors), dtype=bool)
    points: list[Point] = []
    while True:
        head = _train(vectors, truth, group, asked, session.text_direction, seed)
        if asked.sum() in budgets:
            score = average_precision_score(
                session.truth[session.test], head.logits(session.vectors[session.test])
            )
            points.append(Point(int(asked.sum()), int(truth[asked].sum()), float(score)))
        room = min(batch, max(budgets) - int(asked.sum()))
        probability: Floats | None = None if head.kind == "text" else head.probabilities(vectors)
        pool = Pool(vectors, probability, text_score, group, asked.copy(), asked & truth)
        chosen = acquisition.select(pool, room, rng) if room > 0 else []
        if not chosen:
            return points
        asked[[choice.row for choice in chosen]] = True


def _train(
    vectors: Vectors, truth: Bools, group: Rows, asked: Bools, text_direction: Vectors, seed: int
) -> LinearHead:
    rows = np.flatnonzero(asked)
    data = TrainingSet(vectors[rows], truth[rows], np.ones(len(rows)), group[rows])
    return train_head(data, text_direction, seed)
