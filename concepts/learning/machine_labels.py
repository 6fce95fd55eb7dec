"""From what a person and the machines said to the labels that a head learns from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from concepts.learning.agreement import Agreement, measure_agreement
from concepts.learning.base import Bools, Floats, Votes

CANT_SAY = 3  # of ratings from 1, surely no, to 5, surely yes
NOTHING = 0  # where an annotator was not asked
SHARE = 0.3  # of the weight of the person's answers that all of a machine's labels may have
ANSWERS = 25  # of the person from which on that is no longer more: their own say it better


@dataclass(frozen=True)
class MachineLabels:
    """What the machines say together of n pictures: labelled (n,) where they say something and the person
    decided nothing, positive (n,) and weight (n,) beside a person's 1; the agreement that earned it, None
    where no machine said anything. The labels of one no better than chance have weight 0 (rule 5)."""

    labelled: Bools
    positive: Bools
    weight: Floats
    agreement: Agreement | None


# person (n,), machines (m, n), one row an annotator, oldest first. Another definition or another prompt makes
# another annotator: what an older one said may agree less.
Aggregation = Callable[[Votes, Votes], MachineLabels]


def most_agreeing(person: Votes, machines: Votes) -> MachineLabels:
    """Labels of the annotator with the highest earned weight, the newest of equal ones."""
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
