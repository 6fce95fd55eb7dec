"""A head from what the words find, half and half with the words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.base import Vectors, unit
from concepts.learning.base import SingleTexts, TrainingSet
from concepts.learning.heads import LogisticHead
from concepts.registry import Method
from study.scorers.zero_shot import ZeroShot

TOP, RANDOM, STRENGTH = 10, 100, 1.0  # pictures of each text, noes of the library, C
WEIGHT = 0.05  # of a picture that nobody labelled


class Real(ZeroShot):
    """REAL-Linear: yes are the pictures nearest to each line of what counts, synonyms among them; no are
    pictures at random. Then w / spread + t / spread, t the mean of the lines, each in the spread that it has
    over the library. The paper retrieves from the pictures its model was trained on, not from the library."""

    method = Method(
        name="real",
        what="Learns from what the words find, and listens to the words as much.",
        source="Parashar et al., The neglected tails in vision-language models (REAL), CVPR 2024",
        cost="one look at the library and a text a line to encode; needs no answer",
        defaults={"top": TOP, "random": RANDOM, "C": STRENGTH, "weight": WEIGHT},
    )

    def direction(self, texts: SingleTexts, library: Vectors) -> Vectors:
        words = unit(texts.counts.mean(axis=0))
        found = np.unique(np.argsort(-(texts.counts @ library.T), axis=1, kind="stable")[:, :TOP])
        others = np.setdiff1d(np.arange(len(library)), found)
        rng = np.random.default_rng(0)
        rows = np.concatenate([found, rng.choice(others, min(RANDOM, len(others)), replace=False)])
        if len(rows) == len(found):  # so small a library is found whole
            return words
        yes, weight = np.arange(len(rows)) < len(found), np.full(len(rows), WEIGHT)
        learned = LogisticHead(STRENGTH).fit(TrainingSet(library[rows], yes, weight, rows), None, 0).weights
        return unit(learned / _spread(library @ learned) + words / _spread(library @ words)).astype(
            np.float32
        )


def _spread(scores: NDArray[np.floating]) -> float:
    return max(float(scores.std()), 1e-12)
