"""One question for each cell of a grid of searches: red cars, old cars, red bicycles …"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from concepts.learning.acquisition import Acquisition, Auto, Choice, Round
from concepts.learning.base import Floats
from concepts.registry import Method

MOST = 4  # attributes, and objects: more cells than sixteen nobody answers


class Cells(Acquisition):
    """As `auto`, once something of every search that a person wrote is labelled. Until then the searches of
    whose pictures the fewest are, each by the free picture most like it. A picture is of the search that it
    is most like, in standard deviations of each; a search that is none's is not in the library, and is not
    asked about."""

    method = Method(
        name="cells",
        what="Asks about each search of which nothing is labelled first.",
        source="after Li et al., Contextual interaction for compositional zero-shot learning, 2024",
        cost="a look at the pool's scores",
        defaults={"most": MOST},
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        scores = _standardised(round.pool.text_scores[1:])
        found: list[Choice] = []
        cell = scores.argmax(axis=0) if len(scores) else np.full(len(round.pool.group), -1)
        there = np.unique(cell)
        while len(found) < n and len(scores):
            so_far = round.with_asked(found)
            known = np.bincount(cell[so_far.labelled.asked], minlength=len(scores))
            free = so_far.free()
            unseen = [one for one in there if not known[one] and (cell[free] == one).any()]
            if not unseen:
                break
            of_it = free[cell[free] == unseen[0]]
            found.append(Choice(int(of_it[scores[unseen[0], of_it].argmax()]), "likely"))
        return found + Auto().select(round.with_asked(found), n - len(found), rng)


def grid(attributes: Sequence[str], objects: Sequence[str]) -> list[str]:
    """A search for each pair: what is written into the definition for `Cells` to ask about."""
    return [f"{attribute} {thing}" for thing in objects[:MOST] for attribute in attributes[:MOST]]


def _standardised(scores: Floats) -> Floats:
    """(s, n), each search over the pool."""
    spread = np.maximum(scores.std(axis=1, keepdims=True), 1e-12)
    return np.asarray((scores - scores.mean(axis=1, keepdims=True)) / spread)
