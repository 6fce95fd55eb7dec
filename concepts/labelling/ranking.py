"""The library in the order of all that was said: by what was learned, and by which pictures look alike.

Such an order is about this library alone. Probabilities, and what is flagged, are the head's own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from concepts.labelling.training_data import TrainingData
from concepts.learning.base import NeighbourGraph, Pictures
from concepts.learning.fitting import SEED
from concepts.learning.scorers import SCORERS
from storage.vectors.reader import Scores, VectorReader

RANKING = "blend"

GraphOf = Callable[[VectorReader], NeighbourGraph | None]


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
