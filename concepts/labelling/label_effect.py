"""What some labels change about what a classifier decides: heads with and without them, over the library."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from concepts.labelling.training_data import TrainingData
from concepts.learning.base import Bools, Rows
from concepts.learning.calibration import logit
from concepts.learning.fitting import SEED, train_early

OPEN = (0.2, 0.8)  # probabilities between which a classifier hesitates


@dataclass(frozen=True)
class Effect:
    """Of so many pictures of the library `changed` are decided otherwise; `flagged` count before or after."""

    pictures: int
    flagged: int
    changed: int


def effect_of(training_data: TrainingData, late: Collection[str], way: str = "auto") -> Effect | None:
    """What the labels of the `late` pictures change, each head at its own threshold. Reads no answer that
    measures. None where the others hold no yes or no no, or none of the late ones teaches anything."""
    training = training_data.training
    used = np.flatnonzero(training.data.weight > 0)
    before = np.array([row for row in used if training.ids[row] not in late], dtype=np.int64)
    learned = training.data.at(before)
    if len(before) == len(used) or not (learned.positives and learned.negatives):
        return None
    then, now = (decisions(training_data, way, rows)[0] for rows in (before, used))
    return Effect(len(now), int((then | now).sum()), int((then != now).sum()))


def decisions(training_data: TrainingData, way: str, rows: Rows) -> tuple[Bools, Bools]:
    """What a head that learned from these rows flags, and about what it hesitates: (n,) of the library."""
    head = train_early(training_data.training.data.at(rows), training_data.text_direction, SEED, way)
    logits = training_data.index.scores(head.weights, head.bias).values
    low, high = (logit(edge) for edge in OPEN)
    return logits >= logit(head.threshold), (logits > low) & (logits < high)
