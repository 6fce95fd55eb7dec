"""Answers and words flow along the neighbour graph of the library."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Floats, Pictures, Scorer, Texts, TrainingSet
from concepts.learning.scorers import answered, flows
from concepts.registry import Method
from study.scorers.propagation import Propagation

REACH = 100  # pictures that the words are joined to: few of the nearest ten may count
SHARPNESS = 3  # exponent of the cosine with the words


class PropagationWords(Scorer):
    """`Propagation` with the words as one more node, joined to the pictures nearest to them: a source that
    weighs what one yes does. So it ranks without an answer, and with answers the words fade.
    """

    method = Method(
        name="propagation_words",
        what="Pictures share your answers and what your words find with those that look like them.",
        source="Stojnić et al., Label propagation for zero-shot classification (ZLaP), CVPR 2024",
        cost="that of propagation; needs no answer",
        defaults={"reach": REACH, "sharpness": SHARPNESS},
    )

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        if texts is None:
            return Propagation().score(data, None, pictures, seed)
        if not len(pictures.vectors):
            raise NotEnoughLabelsError("There is no picture to rank.")
        yes, no = (answered(data, pictures, side) for side in (True, False))
        beside = data.weight[data.positive].sum()  # the words are one more yes
        (scores,) = flows(pictures, (beside * yes + _heard(texts.direction, pictures)) / (beside + 1) - no)
        return scores


def _heard(text_direction: Vectors, pictures: Pictures) -> Floats:
    """(n,) what the words say to the pictures they are joined to, 1 in all."""
    cosine = np.maximum(np.asarray(pictures.vectors @ text_direction, np.float64), 0)
    cosine[np.argsort(-cosine, kind="stable")[REACH:]] = 0
    heard = cosine**SHARPNESS
    return np.asarray(heard / max(float(heard.sum()), 1e-12))
