"""From what a person and the machines said to the labels that a head learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from concepts.learning.aggregation import AGGREGATIONS, Opinions
from concepts.learning.agreement import Agreement
from concepts.learning.base import Bools, Floats, Votes

CANT_SAY = 3  # of ratings from 1, surely no, to 5, surely yes
NOTHING = 0  # where an annotator was not asked


@dataclass(frozen=True)
class MachineLabels:
    """What the machines say together of n pictures: labelled (n,) where they say something and the person
    decided nothing, positive (n,) and weight (n,) beside a person's 1; the agreement that earned it."""

    labelled: Bools
    positive: Bools
    weight: Floats
    agreement: Agreement | None


def machine_labels(person: Votes, ratings: NDArray[np.int8], aggregation: str) -> MachineLabels:
    """person (n,), ratings (m, n) of m annotators, oldest first. Raises `UnknownMethodError`."""
    found = AGGREGATIONS[aggregation]().aggregate(Opinions(person, votes_of(ratings)))
    labelled = ~np.isnan(found.yes)
    return MachineLabels(
        labelled, labelled & (np.nan_to_num(found.yes) >= 0.5), found.weight, found.agreement
    )


def votes_of(ratings: NDArray[np.int8]) -> Votes:
    """1 for 4 and 5, -1 for 1 and 2, 0 for what can't be said and where nothing was."""
    return np.where(ratings == NOTHING, 0, np.sign(ratings - CANT_SAY)).astype(np.int8)
