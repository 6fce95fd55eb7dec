"""The nearer of two averages."""

from __future__ import annotations

from concepts.encoders.base import Vectors
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.heads import Head, means_of, require_both
from concepts.registry import Method


class PrototypesHead(Head):
    """Yes where a picture is nearer to the mean of the yes pictures than to that of the others, however many
    there are of either: lda without a covariance."""

    method = Method(
        name="prototypes",
        what="Asks which is nearer, the average picture that counts or the average one that doesn't.",
        source="Snell et al., Prototypical networks for few-shot learning, NeurIPS 2017",
        cost="nothing; needs a yes and a no",
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        require_both(data)
        mean_yes, mean_no = means_of(data)
        weights = mean_yes - mean_no
        return LinearHead("prototypes", weights, -0.5 * float((mean_yes + mean_no) @ weights))
