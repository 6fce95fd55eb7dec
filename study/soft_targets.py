"""What several machines rate as a chance of a yes: each picture teaches both sides, as far as they say so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Floats, Votes, sigmoid
from concepts.learning.calibration import refit
from concepts.learning.machine_labels import (
    ANSWERS,
    CANT_SAY,
    NOTHING,
    SHARE,
    MachineLabels,
    measure_agreement,
    votes_of,
)
from study.annotators import Ratings


@dataclass(frozen=True)
class SoftLabels(MachineLabels):
    """`weight` (n,) is that of the likelier side; the other side weighs `against` (n,)."""

    against: Floats


def soft_targets(person: Votes, ratings: Ratings) -> SoftLabels:
    """q = Σ aⱼ σ(κⱼ(rⱼ - 3) + cⱼ), after MEAL V2 (Shen & Savvides, 2020): the mean of what machines rate,
    each fitted to what the person said and counting by the weight it has earned, which is nothing at chance.

    person (n,), ratings (m, n) → labels ωq and ω(1 - q), with ω in sum as much as `bounded` allows.
    """
    agreements = [measure_agreement(person, votes_of(one)) for one in ratings]
    earned = np.array([agreement.weight for agreement in agreements])
    there, scores, decided = ratings != NOTHING, ratings - float(CANT_SAY), person != 0
    chance = np.zeros(ratings.shape)
    for of, says, known in zip(chance, scores, there & decided, strict=True):
        fit = refit(says[known], person[known] > 0)
        of[:] = sigmoid(fit.a * says + fit.c)
    heard = (there * earned[:, None]).sum(axis=0)
    q = (chance * there * earned[:, None]).sum(axis=0) / np.maximum(heard, 1e-12)
    labelled = (heard > 0) & ~decided
    answers, best = int(decided.sum()), float(earned.max(initial=0.0))
    each = min(best, SHARE * best * min(answers, ANSWERS) / max(int(labelled.sum()), 1)) if answers else best
    sides = np.where(labelled, each * np.stack([np.maximum(q, 1 - q), np.minimum(q, 1 - q)]), 0.0)
    agreement = agreements[int(np.argmax(earned))] if len(earned) else None
    return SoftLabels(labelled, q > 0.5, sides[0], agreement, sides[1])
