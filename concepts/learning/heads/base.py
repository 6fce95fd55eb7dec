"""The head protocol: labels → weights and a bias."""

from __future__ import annotations

from typing import ClassVar, Protocol

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Floats, LinearHead, Pictures, Scorer, TrainingSet


class Head(Scorer, Protocol):
    """A scorer that reduces to weights and a bias, and so can be exported. Heads inherit from this class.

    Made without arguments when it is looked up by name. What leaves `fit` is neither calibrated nor has it
    a threshold: `concepts.learning.fitting.train_head` sees to both, for every head alike.
    """

    exportable: ClassVar[bool] = True

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        """Raises `NotEnoughLabelsError` where this way can't work with so few labels."""

    def settled(self, fitted: LinearHead) -> Head:
        """This way with what `fit` chose from the labels held fixed, to be fitted to parts of them."""
        return self

    def score(
        self, data: TrainingSet, text_direction: Vectors | None, pictures: Pictures, seed: int
    ) -> Floats:
        return self.fit(data, text_direction, seed).logits(pictures.vectors)


def require_both(data: TrainingSet) -> None:
    """Raises `NotEnoughLabelsError` unless there is a yes and a no."""
    for what, count in (("yes", data.positives), ("no", data.negatives)):
        if not count:
            raise NotEnoughLabelsError(f"No picture is labelled {what}; a head needs at least one of each.")
