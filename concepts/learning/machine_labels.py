"""The weight of machine labels (rule 5): by how well they agreed with this person on this concept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from concepts.learning.base import Bools, Floats, Votes
from concepts.learning.calibration import Calibration, refit
from concepts.learning.intervals import total, wilson

MOST_WEIGHT = 0.9  # a machine's label never counts as much as a person's
ALONE = 1.0
CANT_SAY = 3  # of ratings from 1, surely no, to 5, surely yes
NOTHING = 0  # where an annotator was not asked
SHARE = 0.3  # of the weight of the person's answers that all of a machine's labels may have
ANSWERS = 25  # of the person from which on that is no longer more: their own say it better
# How likely a machine's verdict is right: from its own probabilities or from repeated answers, then fitted to
# what the person said of the same pictures. What a model says of its own sureness plays no part.
RATINGS = range(1, 6)
SURE = 1e-4  # a token's probability is often 1 to six digits; beyond this it says no more about pictures


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
        sentence = "No suggestion was checked yet; training uses them alone."
        return Agreement(n, agree, None, None, None, ALONE, sentence)
    if not yes or yes == n:
        missing = (
            "no picture"
            if not n
            else "only pictures that don't count"
            if not yes
            else "only pictures that count"
        )
        sentence = f"You and the suggestions share {missing}, so training leaves them out."
        return Agreement(n, agree, None, None, None, 0.0, sentence)
    found, alarms = float(said[truth].mean()), float(said[~truth].mean())
    found_low, found_high = wilson(found, yes)
    alarms_low, alarms_high = wilson(alarms, n - yes)
    value = found - alarms
    low, high = total(
        np.array([found, -alarms]), np.array([found_low, -alarms_high]), np.array([found_high, -alarms_low])
    )
    weight = min(max(low, 0.0), MOST_WEIGHT)
    verdict = (
        f"; each counts at most {weight:.2f} of a label of yours"
        if weight
        else ": not surely better than chance, so training leaves them out"
    )
    sentence = f"Suggestions agree with you on {agree} of {n} pictures{verdict}."
    return Agreement(n, agree, value, max(low, -1.0), min(high, 1.0), weight, sentence)


@dataclass(frozen=True)
class MachineLabels:
    """What the machines say together of n pictures: labelled (n,) where they say something and the person
    decided nothing, positive (n,) and weight (n,) beside a person's 1; the agreement that earned it, None
    where no machine said anything. The labels of one no better than chance have weight 0 (rule 5)."""

    labelled: Bools
    positive: Bools
    weight: Floats
    agreement: Agreement | None


def most_agreeing(person: Votes, machines: Votes) -> MachineLabels:
    """Labels of the annotator with the highest earned weight, the newest of equal ones.

    person (n,), machines (m, n), one row an annotator, oldest first. Another definition or another prompt
    makes another annotator: what an older one said may agree less.
    """
    agreements = [measure_agreement(person, said) for said in machines]
    if not agreements:
        none = np.zeros(len(person), dtype=bool)
        return MachineLabels(none, none, np.zeros(len(person)), None)
    weights = [agreement.weight for agreement in agreements]
    best = len(weights) - 1 - int(np.argmax(weights[::-1]))
    said = np.where(person == 0, machines[best], 0)
    return MachineLabels(said != 0, said > 0, np.where(said == 0, 0.0, weights[best]), agreements[best])


def bounded(person: Votes, machines: Votes) -> MachineLabels:
    """As `most_agreeing`, with all weights scaled so that their sum is at most the earned weight times 0.3
    of the number of the person's answers, of 25 at the most.

    Errors that fill a whole kind of picture don't average out: a thousand more labels know no more. They
    help while the person has said little and are outgrown after. Before the person has said anything there
    is nothing to outweigh.
    """
    found = most_agreeing(person, machines)
    answers, total = int(np.count_nonzero(person)), float(found.weight.sum())
    if not answers or found.agreement is None or not total:
        return found
    most = SHARE * found.agreement.weight * min(answers, ANSWERS)
    return replace(found, weight=found.weight * min(1.0, most / total))


def votes_of(ratings: NDArray[np.int8]) -> Votes:
    """1 for 4 and 5, -1 for 1 and 2, 0 for what can't be said and where nothing was."""
    return np.where(ratings == NOTHING, 0, np.sign(ratings - CANT_SAY)).astype(np.int8)


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
    inside = np.clip(chances, SURE, 1 - SURE)
    return refit(np.asarray(np.log(inside / (1 - inside)), dtype=np.float64), positive)


def right(chances: Floats, ratings: Floats, calibration: Calibration) -> Floats:
    """(n,) how likely the verdict is right; NaN where there is none (a rating of 3) or no chance is known."""
    yes = calibration.moved(np.clip(chances, SURE, 1 - SURE))
    return np.where(ratings == CANT_SAY, np.nan, np.where(ratings > CANT_SAY, yes, 1 - yes))


def _yes(rating: int) -> float:
    return 0.5 if rating == CANT_SAY else float(rating > CANT_SAY)
