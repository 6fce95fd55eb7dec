"""The words, and the average of what was labelled: no training at all."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.heads import Head, means_of, require_both
from concepts.registry import Method

STRENGTH = 0.1  # λ


class WordsAndMeansHead(Head):
    """w = t + (mean yes - mean no) / Nλ with N = 2 sides: the minimum of -½ (mean yes - mean no)·w
    + λ/2 ‖w - t‖²."""

    method = Method(
        name="words_and_means",
        what="Adds the difference between the averages of both sides to the words.",
        source="SS-Text+, after CLAP: Silva-Rodríguez et al., CVPR 2024",
        cost="nothing; needs a yes and a no",
        defaults={"strength": STRENGTH},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        require_both(data)
        yes, no = means_of(data)
        words = np.zeros(len(yes)) if text_direction is None else np.asarray(text_direction, np.float64)
        weights = words + (yes - no) / (2 * STRENGTH)
        return LinearHead("words_and_means", weights, -0.5 * float((yes + no) @ weights))
