"""The nearer of two averages."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.heads import Head, require_both
from concepts.registry import Method


class PrototypesHead(Head):
    """Yes where a picture is nearer to the mean of the yes pictures than to that of the others, however many
    there are of either: lda without a covariance."""

    method = Method(
        name="prototypes",
        what="Asks which is nearer, the average picture that counts or the average one that doesn't.",
        source="Snell et al., Prototypical networks for few-shot learning, NeurIPS 2017",
        licence="",
        cost="nothing; needs a yes and a no",
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        require_both(data)
        X, yes = np.asarray(data.vectors, dtype=np.float64), data.positive
        mean_yes = np.average(X[yes], axis=0, weights=data.weight[yes])
        mean_no = np.average(X[~yes], axis=0, weights=data.weight[~yes])
        weights = mean_yes - mean_no
        return LinearHead("prototypes", weights, -0.5 * float((mean_yes + mean_no) @ weights))
