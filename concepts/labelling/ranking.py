"""Heads over the library: its order by all that was said, and what some labels change of what is decided."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from concepts.labelling.training_data import TrainingData
from concepts.learning.base import NeighbourGraph, Pictures
from concepts.learning.calibration import logit
from concepts.learning.fitting import SEED, train_early
from concepts.learning.scorers import SCORERS
from storage.vectors.reader import Scores, VectorReader

RANKING = "blend"

GraphOf = Callable[[VectorReader], NeighbourGraph | None]

OPEN = (0.2, 0.8)  # probabilities between which a classifier hesitates


def rank_library(training_data: TrainingData, graph_of: GraphOf) -> Scores | None:
    """A score of every picture, the likelier the higher, on no particular scale; None without a yes to learn
    from, or without a graph, and for grades. What measures is ranked too; nothing learns from it."""
    if training_data.scale and training_data.scale.is_graded:
        return None  # the head ranks by grade, neighbours by yes and no alone
    training, index = training_data.training, training_data.index
    used = np.flatnonzero(training.data.weight > 0)
    data = training.data.at(used)
    graph = graph_of(index) if data.positives else None
    if graph is None:
        return None
    labelled = index.ids.places([training.ids[row] for row in used])
    pictures = Pictures(training_data.vectors(list(index.ids)), graph, labelled)
    scores = SCORERS[RANKING]().score(data, training_data.texts, pictures, SEED)
    return Scores(index.ids, scores.astype(np.float32))


@dataclass(frozen=True)
class Effect:
    """Of so many pictures of the library `changed` are decided otherwise. `flagged` count now, `either`
    before or now; about so many the newer head `hesitates`."""

    pictures: int
    flagged: int
    either: int
    changed: int
    hesitates: int


def effect_of(training_data: TrainingData, late: Collection[str], way: str = "auto") -> Effect | None:
    """What the labels of the `late` pictures change, by heads trained in the same `way`, each at its own
    threshold. Reads no answer that measures. None where the others hold no yes or no no, or none of the late
    ones teaches anything."""
    training = training_data.training
    used = np.flatnonzero(training.data.weight > 0)
    before = np.array([row for row in used if training.ids[row] not in late], dtype=np.int64)
    learned = training.data.at(before)
    if len(before) == len(used) or not (learned.positives and learned.negatives):
        return None
    flags, hesitates = [], 0
    low, high = (logit(edge) for edge in OPEN)
    for rows in (before, used):
        head = train_early(training.data.at(rows), training_data.text_direction, SEED, way)
        logits = head.scores(training_data.index).values
        flags.append(logits >= logit(head.threshold))
        hesitates = int(((logits > low) & (logits < high)).sum())
    then, now = flags
    return Effect(len(now), int(now.sum()), int((then | now).sum()), int((then != now).sum()), hesitates)
