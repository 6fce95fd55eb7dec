"""The head and the neighbour graph together."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from concepts.learning.base import Floats, Pictures, Scorer, Texts, TrainingSet
from concepts.learning.fitting import train_early
from concepts.learning.scorers.flows import ALPHA, answered, flows
from concepts.learning.scorers.standardised import standardised
from concepts.registry import Method

DOUBT = 10  # answers of either side that every picture is taken to have heard from nowhere


class Blend(Scorer):
    """z(head) + z(log of what a picture hears of yes over what it hears of no), each in standard deviations
    over the pictures that are ranked; the head alone, which begins with the words, until there is a yes.

    It knows the very pictures it ranks, so its figures are about them and say nothing of a file that leaves
    the house.
    """

    method = Method(
        name="blend",
        what="What the classifier says, corrected by the answers to pictures that look alike.",
        source="this project; Zhou et al., Learning with local and global consistency, NeurIPS 2003",
        licence="",
        cost="that of the head, and a tenth of a second for 5,000 pictures once their neighbours are known",
        defaults={"doubt": DOUBT},
    )
    exportable: ClassVar[bool] = False

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        head = train_early(data, None if texts is None else texts.direction, seed)
        return blended(head.logits(pictures.vectors), data, pictures)


def blended(scores: Floats, data: TrainingSet, pictures: Pictures) -> Floats:
    """The scores (n,) of a head for these pictures with what the answers to pictures like them say; the head
    alone where no yes is among them."""
    if pictures.labelled is None or not (data.positive & (pictures.labelled >= 0)).any():
        return standardised(scores)
    return standardised(scores) + standardised(_evidence(data, pictures))


def _evidence(data: TrainingSet, pictures: Pictures) -> Floats:
    """(n,) log((Y + e) / (N + e)), the flows of yes and of no, 1 in all each.

    Their difference, by which Zhou et al. rank, says how near an answer is before it says which: among
    pictures far from any answer it is nearly 0 for all, and those are what is left once most of what counts
    has been answered. The quotient asks which of the two is nearer. With few answers the difference is
    better, and e, which falls with the number of yes, is between the two: a quotient of small flows is
    chance. e is `DOUBT` answers of n⁺, spread over the library evenly.
    """
    yes, no = flows(pictures, *(answered(data, pictures, side) for side in (True, False)))
    even = 1 / (1 - ALPHA) / len(pictures.vectors)
    e = DOUBT / data.weight[data.positive].sum() * even
    return np.asarray(np.log(np.maximum(yes, 0) + e) - np.log(np.maximum(no, 0) + e))
