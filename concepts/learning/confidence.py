"""How likely a machine's verdict is right: from its own probabilities or from repeated answers, then fitted
to what the person said of the same pictures. What a model says of its own sureness plays no part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from concepts.learning.base import Bools, Floats
from concepts.learning.calibration import Calibration, refit
from concepts.learning.machine_labels import CANT_SAY

RATINGS = range(1, 6)
SURE = 1e-4  # a token's probability is often 1 to six digits; beyond this it says no more about pictures


def chance_by_tokens(chances: Mapping[str, float]) -> float | None:
    """How likely a yes is by the probabilities of the ratings "1" to "5"; half of what can't be said counts.
    None where they hold no rating."""
    by_rating = {rating: chances.get(str(rating), 0.0) for rating in RATINGS}
    total = sum(by_rating.values())
    return sum(_yes(rating) * chance for rating, chance in by_rating.items()) / total if total else None


def chance_by_repeats(ratings: Sequence[int]) -> float:
    """How likely a yes is by several answers to the same question (n,), n ≥ 1: their share, and one answer
    more that can't say (Laplace), so that three of three are not certain."""
    return (sum(_yes(rating) for rating in ratings) + 0.5) / (len(ratings) + 1)


def fit_to_answers(chances: Floats, positive: Bools) -> Calibration:
    """chances of a yes (n,), what the person said (n,) → how such chances are to be moved. Few answers move
    them little. Answers given while learning are no random sample: this is about pictures such as those."""
    if not len(chances):
        return Calibration(1.0, 0.0)
    return refit(_logits(chances), positive)


def right(chances: Floats, ratings: Floats, calibration: Calibration) -> Floats:
    """(n,) how likely the verdict is right; NaN where there is none (a rating of 3) or no chance is known."""
    yes = calibration.moved(np.clip(chances, SURE, 1 - SURE))
    return np.where(ratings == CANT_SAY, np.nan, np.where(ratings > CANT_SAY, yes, 1 - yes))


def _yes(rating: int) -> float:
    return 0.5 if rating == CANT_SAY else float(rating > CANT_SAY)


def _logits(chances: Floats) -> Floats:
    inside = np.clip(chances, SURE, 1 - SURE)
    return np.asarray(np.log(inside / (1 - inside)), dtype=np.float64)
