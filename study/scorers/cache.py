"""The answered pictures as a cache that is asked for what is most alike."""

from __future__ import annotations

import numpy as np

from concepts.learning.base import Floats, Pictures, Scorer, Texts, TrainingSet
from concepts.learning.heads import require_both
from concepts.learning.scorers import standardised
from concepts.registry import Method


class Cache(Scorer):
    """z(Σ v exp(-β(1 - cos))) + z(words) / (1 + n⁺): every answer speaks for what is like it, v being 1/n⁺ of
    a yes and -1/n⁻ of a no, and the words weigh what one more yes would.

    The paper searches β and the weight of the words on a validation set, which a person with few answers
    hasn't got: here 1/β is the median distance of an answered picture from the nearest other one.
    """

    method = Method(
        name="cache",
        what="Decides by the most similar pictures you answered.",
        source="Zhang et al., Tip-Adapter, ECCV 2022",
        cost="one look at the library an answer; needs a yes and a no",
    )

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        require_both(data)
        keys, library = data.vectors.astype(np.float32), pictures.vectors.astype(np.float32)
        values = np.where(data.positive, data.balanced, -data.balanced).astype(np.float32)
        among = 1 - keys @ keys.T
        np.fill_diagonal(among, np.inf)
        sharpness = 1 / max(float(np.median(among.min(axis=1))), 1e-3)
        found = standardised(np.asarray(np.exp(-sharpness * (1 - library @ keys.T)) @ values, np.float64))
        if texts is None:
            return found
        words = standardised(np.asarray(library @ texts.direction, np.float64))
        return np.asarray(found + words / (1 + data.positives))
