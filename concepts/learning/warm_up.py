"""Loading what learning needs before somebody waits for it."""

from __future__ import annotations

import numpy as np

from concepts.learning.base import TrainingSet
from concepts.learning.fitting import SEED, train_head
from concepts.learning.heads.auto import SUITED

POINTS = 12  # enough for each of them


def warm_up() -> None:
    """Trains each head that `auto` may take on a handful of points, which imports all that training a real
    one does."""
    positive = np.arange(POINTS) % 2 == 0
    vectors = np.random.default_rng(SEED).normal(size=(POINTS, 4)).astype(np.float32)
    data = TrainingSet(vectors, positive, np.ones(POINTS), np.arange(POINTS))
    for head in SUITED:
        train_head(data, vectors[0], SEED, head=head)
