"""How much a machine's labels count: by how well they agreed with this person on this concept (rule 5)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Votes
from concepts.learning.intervals import wilson

MOST = 0.9  # a machine's label never counts as much as a person's
ALONE = 1.0


@dataclass(frozen=True)
class Agreement:
    """`informedness` is TPR + TNR - 1 against the person: 0 is chance, 1 perfect; None where unmeasured.

    `weight` is its lower 95 % bound, cut to 0..0.9.
    """

    n: int
    agree: int
    informedness: float | None
    low: float | None
    high: float | None
    weight: float
    sentence: str


def measure_agreement(person: Votes, machine: Votes) -> Agreement:
    """Compares (n,) labels of the same pictures: 1 yes, -1 no, 0 nothing.

    The interval is Newcombe's (1998) for a difference of two proportions, TPR - FPR, which holds for the
    ten or twenty shared pictures there usually are.
    """
    shared = (person != 0) & (machine != 0)
    truth, said = person[shared] > 0, machine[shared] > 0
    n, agree, yes = len(truth), int((truth == said).sum()), int(truth.sum())
    if not person.any():
        sentence = "Nobody has checked a picture yet, so the machine's labels are all there is to learn from."
        return Agreement(n, agree, None, None, None, ALONE, sentence)
    if not yes or yes == n:
        missing = (
            "no picture"
            if not n
            else "only pictures that don't count"
            if not yes
            else "only pictures that count"
        )
        sentence = f"You and the machine both labelled {missing}, so its labels are not used yet."
        return Agreement(n, agree, None, None, None, 0.0, sentence)
    found, alarms = float(said[truth].mean()), float(said[~truth].mean())
    found_low, found_high = wilson(found, yes)
    alarms_low, alarms_high = wilson(alarms, n - yes)
    value = found - alarms
    low = value - float(np.hypot(found - found_low, alarms_high - alarms))
    high = value + float(np.hypot(found_high - found, alarms - alarms_low))
    weight = min(max(low, 0.0), MOST)
    verdict = (
        f"each of its labels counts as {weight:.2f} of yours at most"
        if weight
        else "so its labels are not used"
    )
    how = "" if weight else ", which is not surely better than chance"
    sentence = f"The machine agreed with you on {agree} of {n} pictures{how}; {verdict}."
    return Agreement(n, agree, value, max(low, -1.0), min(high, 1.0), weight, sentence)
